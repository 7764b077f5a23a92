"""mdBook: order, titles and sections from ``SUMMARY.md``, texts from the files that it links."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lms_server.content.compose import SECTION_MARK, LessonSource, Outline, authors_of, minutes_of, slug_of
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.markdown import code_marked, page_or_text, plain, to_html
from lms_server.content.model import RemarkCode, Remarks
from lms_server.content.paths import join
from lms_server.content.tree import Tree
from lms_server.sentences import sentence

BOOK = "book.toml"
MAX_INCLUDE_CHARS = 200_000

_DIRECTIVE = re.compile(r"\\?\{\{[#%]\s*(\w+)[^}\n]*\}\}")
_INCLUDE = re.compile(r"\\?\{\{#(?:rustdoc_)?include\s+([^\s:}]+)([^}\n]*)\}\}")
_HIDDEN_LINE = re.compile(r"[ \t]*#(?: |$)")
_SHOWN_HASH = re.compile(r"([ \t]*)##")
_FENCE_INFO = re.compile(r"([ \t>]*(?:`{3,}|~{3,})[ \t]*[\w+#.-]+)[,{ ].*")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A line of the summary; ``parents`` are the titles above it, its part's first."""

    title: str
    path: str | None
    parents: tuple[str, ...]
    has_children: bool

    @property
    def section(self) -> str:
        """A chapter that has chapters below it opens the section that they are in."""
        own = (self.title,) if self.has_children else ()
        return SECTION_MARK.join(self.parents + own)


def source_folder(tree: Tree) -> str | None:
    """Where the summary lies ("" for the root), or None: not an mdBook."""
    configured = _book(tree).get("book", {}).get("src", "src") if BOOK in tree else "src"
    folder = str(configured).strip("/")
    for candidate in (folder, ""):
        if (f"{candidate}/SUMMARY.md" if candidate else "SUMMARY.md") in tree:
            return candidate
    return None


def is_book(tree: Tree) -> bool:
    """A summary is where it should be."""
    return source_folder(tree) is not None


def outline(tree: Tree) -> Outline:
    """The book as a course."""
    folder = source_folder(tree)
    if folder is None:
        raise BadCourse(Fault.MISSING_FILE, "An mdBook needs src/SUMMARY.md.")
    about = _book(tree).get("book", {}) if BOOK in tree else {}
    source = tree.below(folder) if folder else tree
    language = str(about.get("language", "en"))
    remarks = Remarks()
    chapters = tuple(summary(source.text("SUMMARY.md")))
    lessons = tuple(
        _lesson(source, chapter, chapter.path, language, remarks)
        for chapter in chapters
        if chapter.path is not None and _is_there(source, chapter.title, chapter.path, remarks)
    )
    title = str(about.get("title") or _title_of(tree.name))
    return Outline(
        tree=source,
        slug=slug_of(tree.name) or slug_of(title) or "book",
        title=title,
        summary=str(about.get("description", "")),
        language=language,
        authors=authors_of(author for author in about.get("authors", []) if isinstance(author, str)),
        license=_license(tree),
        lessons=lessons,
        remarks=remarks.all(),
        withheld=lambda path: path.endswith((".md", ".toml")),
        aliases=tuple(_folder_indexes(lessons, source)),
    )


def _license(tree: Tree) -> str:
    """Named by the file's own name where that says it, as in LICENSE-CC-BY."""
    names = sorted(path for path in tree.sizes if "/" not in path and path.upper().startswith("LICENSE-"))
    return ", ".join(name.removesuffix(".md").removesuffix(".txt").partition("-")[2] for name in names)


def _folder_indexes(lessons: tuple[LessonSource, ...], tree: Tree) -> Iterator[tuple[str, str]]:
    # mdBook serves README.md as the folder's index.html.
    for lesson in lessons:
        if lesson.path.endswith("README.md"):
            index = lesson.path.removesuffix("README.md") + "index.md"
            if index not in tree:
                yield index, lesson.path


def _book(tree: Tree) -> dict[str, Any]:
    try:
        about = tomllib.loads(tree.text(BOOK))
    except tomllib.TOMLDecodeError as error:
        raise BadCourse(Fault.BAD_METADATA, "{file} is not TOML: {error}.", file=BOOK, error=error) from error
    return about if isinstance(about.get("book", {}), dict) else {}


def _title_of(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").strip().title()


def summary(text: str) -> Iterator[Chapter]:
    """The chapters of a summary in order: parts are headings, nesting is nested lists."""
    tokens = MarkdownIt("commonmark").parse(text)
    part: tuple[str, ...] = ()
    above: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "list_item_open":
            above.append("")
        elif token.type == "list_item_close":
            above.pop()
        elif token.type == "inline" and tokens[at - 1].type == "heading_open":
            part = _part(tokens[at - 1], token, part)
        elif token.type == "inline":
            for title, path in _links(token):
                if above:
                    above[-1] = title
                yield Chapter(title, path, part + tuple(above[:-1]), bool(above) and _has_list(tokens, at))


def _part(opening: Token, inline: Token, before: tuple[str, ...]) -> tuple[str, ...]:
    title = plain(inline.content)
    # The summary's own title is no part.
    return before if opening.tag != "h1" or title.casefold() == "summary" else (title,)


def _links(inline: Token) -> Iterator[tuple[str, str | None]]:
    children = inline.children or []
    for at, child in enumerate(children):
        if child.type == "link_open":
            end = next(n for n in range(at, len(children)) if children[n].type == "link_close")
            title = "".join(
                part.content for part in children[at:end] if part.type in {"text", "code_inline", "text_special"}
            )
            href = str(child.attrs.get("href", ""))
            yield title.strip(), join("SUMMARY.md", href) if href else None


def _has_list(tokens: list[Token], at: int) -> bool:
    """The paragraph that ends here is followed by a list in the same item."""
    after = tokens[at + 2] if at + 2 < len(tokens) else None
    return after is not None and after.type in {"bullet_list_open", "ordered_list_open"}


def _is_there(tree: Tree, title: str, path: str, remarks: Remarks) -> bool:
    if path in tree:
        return True
    words = sentence("{title} leads to {path}, which isn't there.", title=title, path=path)
    remarks.note(RemarkCode.MISSING_TARGET, "SUMMARY.md", words)
    return False


def _lesson(tree: Tree, chapter: Chapter, path: str, language: str, remarks: Remarks) -> LessonSource:
    read = page_or_text(tree.text(path))
    text = _tidied(_included(tree, path, read.text, remarks), path, remarks)
    return LessonSource(
        path=path,
        title=chapter.title,
        section=chapter.section,
        html=to_html(text, language),
        is_free_preview=read.matter.get("preview") is True,
        minutes=minutes_of(read.matter.get("minutes")),
    )


def _included(tree: Tree, path: str, text: str, remarks: Remarks) -> str:
    def include(found: re.Match[str]) -> str:
        if found[0].startswith("\\"):
            return found[0][1:]
        target = join(path, found[1])
        if target is None or target not in tree:
            remarks.note(
                RemarkCode.MISSING_INCLUDE, path, sentence("{file} is included but isn't there.", file=found[1][:200])
            )
            return f"[{found[1]}]"
        return _lines(tree.text(target), found[2])[:MAX_INCLUDE_CHARS]

    return _INCLUDE.sub(include, text)


def _lines(text: str, span: str) -> str:
    """``:2:10`` takes lines 2 to 10, ``:name`` what stands between the anchors of that name."""
    parts = [part.strip() for part in span.split(":")[1:]]
    if parts and parts[0] and not parts[0].isdigit():
        return _anchored(text, parts[0])
    lines = [line for line in text.split("\n") if "ANCHOR" not in line]
    if not parts or not any(part.isdigit() for part in parts):
        return "\n".join(lines).rstrip("\n")
    first = int(parts[0]) if parts[0].isdigit() else 1
    if len(parts) == 1:
        return "\n".join(lines[first - 1 : first])
    last = int(parts[1]) if parts[1].isdigit() else len(lines)
    return "\n".join(lines[max(first - 1, 0) : last])


def _anchored(text: str, name: str) -> str:
    end = rf"[^\n]*ANCHOR_END:\s*{re.escape(name)}\b"
    found = re.search(rf"[^\n]*ANCHOR:\s*{re.escape(name)}\b[^\n]*\n(.*?){end}", text, re.DOTALL)
    return "\n".join(line for line in found[1].split("\n") if "ANCHOR" not in line).rstrip("\n") if found else ""


def _tidied(text: str, path: str, remarks: Remarks) -> str:
    """Without mdBook's directives, lines hidden from Rust listings, and what follows a listing's language."""
    if any(not found[0].startswith("\\") for found in _DIRECTIVE.finditer(text)):
        remarks.note(RemarkCode.DIRECTIVE_DROPPED, path, sentence("A directive of the book's own tools was left out."))
    text = _DIRECTIVE.sub(_undirected, text)
    return "\n".join(_shown_lines(text))


def _undirected(found: re.Match[str]) -> str:
    return found[0][1:] if found[0].startswith("\\") else ""


def _shown_lines(text: str) -> Iterator[str]:
    for line, code, is_fence in code_marked(text):
        if is_fence:
            yield _FENCE_INFO.sub(r"\1", line)
        elif code is None or not code.startswith("rust"):
            yield line
        elif not _HIDDEN_LINE.match(line):
            yield _SHOWN_HASH.sub(r"\1#", line, count=1)
