"""Small files, small functions, a word for everything public."""

import ast

from tests.house.source import functions, modules

FILE_LINES = 400
FUNCTION_LINES = 60


def test_no_file_is_too_long_to_read():
    long = {name: text.count("\n") for name, (_, text, _) in modules().items() if text.count("\n") > FILE_LINES}
    assert not long


def test_functions_stay_small():
    lengths = {
        f"{name}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for name, (_, _, tree) in modules().items()
        for node in functions(tree)
    }
    assert not {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) * 9 // 10] <= 20, "nine functions in ten fit in twenty lines"


def test_every_module_says_what_it_is():
    assert not [name for name, (_, _, tree) in modules().items() if not ast.get_docstring(tree)]


def test_public_functions_say_what_for():
    silent = [
        f"{name}.{node.name}"
        for name, (_, _, tree) in modules().items()
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if isinstance(node, ast.FunctionDef) and not ast.get_docstring(node)
    ]
    assert not silent


def test_imports_stand_at_the_top():
    late = [
        f"{name}:{inner.lineno}"
        for name, (_, _, tree) in modules().items()
        for node in functions(tree)
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]
    assert not late


def test_names_say_what_a_thing_does():
    vague = ("manager", "helper", "util", "handler", "processor")
    names = [
        (name, node.name)
        for name, (_, _, tree) in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
    ]
    assert not [
        (module, name)
        for module, name in names
        if any(word in f"{module.rpartition('.')[2]}.{name}".lower() for word in vague)
    ]
