"""The project's own files, read once."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules():
    """Every module of both programs: dotted name to (path, text, tree)."""
    paths = sorted(path for top in ("lms_desktop", "lms_server") for path in (ROOT / top).rglob("*.py"))
    return {_dotted(path): (path, (text := path.read_text("utf-8")), ast.parse(text)) for path in paths}


def _dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree):
    """The dotted names that a module imports, with the names taken from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(tree):
    """Every function and method."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


@cache
def tracked():
    """The paths that belong to the project, as git sees them; new files count too."""
    call = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]
