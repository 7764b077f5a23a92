"""Read a course, whatever its format."""

import stat
from collections.abc import Callable
from pathlib import Path

from lms_server.content import common_cartridge, epub, markdown_folder, mdbook, olx, package, rpf
from lms_server.content.archive import tar_tree, zip_tree
from lms_server.content.compose import Outline, Progress, compose, unheard
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.model import CoursePackage
from lms_server.content.tree import Tree, folder_tree
from lms_server.sentences import Sentence, sentence

_TAR_NAMES = (".tar", ".tar.gz", ".tgz")


def read_course(path: Path, progress: Progress = unheard) -> CoursePackage:
    """The course at ``path``, a folder or an archive; BadCourse says what is wrong and what to do."""
    try:
        return compose(read_outline(path), progress)
    except OSError as error:
        file, why = error.filename or path, error.strerror or error
        raise BadCourse(Fault.NOT_FOUND, "{file} can't be read: {error}.", file=file, error=why) from error


def read_outline(path: Path) -> Outline:
    """What the course says of itself, its lessons not yet safe."""
    return _outline(open_tree(path), path)


def open_tree(path: Path) -> Tree:
    """The files of a folder, zip or tar."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise BadCourse(Fault.NOT_FOUND, "{path} isn't there or can't be read.", path=path) from error
    if stat.S_ISDIR(mode):
        return folder_tree(path)
    with path.open("rb") as source:
        head = source.read(4)
    if head[:2] == b"PK":
        return zip_tree(path)
    if head[:2] == b"\x1f\x8b" or path.name.endswith(_TAR_NAMES):
        return tar_tree(path)
    raise BadCourse(Fault.UNKNOWN_FORMAT, "{file} is neither a folder nor a zip or tar file.", file=path.name)


def _outline(tree: Tree, path: Path) -> Outline:
    """By the first format that knows its own file; the native one first, loose Markdown last."""
    if rpf.META in tree and not package.is_package(tree):
        return rpf.outline(tree, _parent_name(tree, path))
    reader = next((read for is_ours, read in _FORMATS if is_ours(tree)), None)
    if reader is not None:
        return reader(tree)
    if spoken := rpf.languages(tree):
        return _one_language(tree, spoken)
    _refuse_known(tree, path)
    return markdown_folder.outline(tree)


_FORMATS: tuple[tuple[Callable[[Tree], bool], Callable[[Tree], Outline]], ...] = (
    (package.is_package, package.outline),
    (mdbook.is_book, mdbook.outline),
    (common_cartridge.is_cartridge, common_cartridge.outline),
    (olx.is_olx, olx.outline),
    (epub.is_epub, epub.outline),
)


def _parent_name(tree: Tree, path: Path) -> str:
    # A language folder is named after its language; the project after the folder above.
    return path.resolve().parent.name if path.is_dir() else tree.name


def _one_language(tree: Tree, spoken: tuple[str, ...]) -> Outline:
    if len(spoken) > 1:
        named = ", ".join(f"{tree.name}/{language}" for language in spoken)
        raise BadCourse(
            Fault.AMBIGUOUS, "The folder holds the course in several languages; name one: {named}.", named=named
        )
    return rpf.outline(tree.below(spoken[0]), tree.name)


def _refuse_known(tree: Tree, path: Path) -> None:
    """Formats that can't be read are told by name, and what holds no text at all."""
    for mark, words in _REFUSED.items():
        if mark in tree:
            raise BadCourse(
                Fault.UNSUPPORTED_FORMAT, "{file} is {what}", file=path.name, what=words or _manifest_words(tree)
            )
    if not markdown_folder.is_markdown_folder(tree):
        raise BadCourse(
            Fault.UNKNOWN_FORMAT,
            "{file} holds no course that can be read: there is no course.toml. Known are course packages, "
            "mdBook, Raspberry Pi projects, IMS Common Cartridge, Open edX exports, EPUB and folders of Markdown.",
            file=path.name,
        )


def _manifest_words(tree: Tree) -> Sentence:
    """Many formats have a manifest of that name; the programs of SCORM come from ADL."""
    text = tree.text(common_cartridge.MANIFEST)[:20_000].lower()
    if "adlcp" in text or "adlnet" in text or "scorm" in text:
        return sentence("a SCORM package: its programs can't run here. Ask for the course as IMS Common Cartridge.")
    return sentence("an IMS package of another kind (such as a question bank): only IMS Common Cartridge is read.")


_PROGRAMS = "a course made for {kind}: its programs can't run here. Ask for the course as IMS Common Cartridge or EPUB."
_REFUSED: dict[str, Sentence | None] = {
    "moodle_backup.xml": sentence(
        "a Moodle backup, which is not read: export the course as IMS Common Cartridge instead."
    ),
    "h5p.json": sentence("an H5P package: its interactive content can't run offline. Export its texts, or link to it."),
    common_cartridge.MANIFEST: None,
    "cmi5.xml": sentence(_PROGRAMS, kind="cmi5"),
    "tincan.xml": sentence(_PROGRAMS, kind="xAPI (Tin Can)"),
}
