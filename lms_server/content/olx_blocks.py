"""The blocks of an Open edX unit as text: questions without marking, videos as address and subtitles."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lms_server.content import xml
from lms_server.content.model import Remark, RemarkCode
from lms_server.content.tree import Tree
from lms_server.content.words import word
from lms_server.content.xml import Element
from lms_server.sentences import sentence

_GROUPS = {"choicegroup": "○", "checkboxgroup": "☐", "optioninput": "○", "radiogroup": "○"}
_BLANKS = {"textline", "formulaequationinput", "textbox"}
_SILENT = {"script", "style", "hintpart", "demandhint", "correcthint", "choicehint", "compoundhint", "responseparam"}
_CUE = re.compile(r"\A(?:\d+\s*)?[\d:,.]+\s*-->[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class Block:
    """A component of a unit; ``variant`` holds what is shown of an experiment."""

    kind: str
    name: str
    element: Element
    variant: "list[Block]"


Shown = tuple[str, list[str], Remark | None]
"""HTML, paths of files, what to report."""


def block_html(tree: Tree, block: Block, language: str) -> Shown:
    """What a learner reads of the block."""
    if block.kind == "html":
        return _page(tree, block)
    if block.kind == "video":
        return _video(tree, block)
    if block.kind == "problem":
        return _problem(block, language)
    if block.kind == "split_test":
        return _experiment(tree, block, language)
    return _left_out(block, language)


def _where(block: Block) -> str:
    return f"{block.kind}/{block.name}.xml"


def _title(block: Block) -> str:
    return block.element.get("display_name", "").strip() or block.kind


def _page(tree: Tree, block: Block) -> Shown:
    path = f"html/{block.element.get('filename') or block.name}.html"
    if path in tree:
        return tree.text(path), [], None
    if len(block.element):
        return "".join(xml.to_html(child) for child in block.element), [], None
    return "", [], Remark(RemarkCode.MISSING_FILE, _where(block), sentence("{path} is not in the course.", path=path))


def _video(tree: Tree, block: Block) -> Shown:
    sources = list(_sources(block.element))
    subtitles = [path for path in dict.fromkeys(_subtitles(block.element)) if path in tree]
    parts = [f"<h4>{escape(_title(block))}</h4>"]
    if sources:
        parts.append(f'<iframe src="{escape(sources[0])}" title="{escape(_title(block))}"></iframe>')
    parts += [f"<p>{escape(line)}</p>" for path in subtitles[:1] for line in spoken(tree.text(path))]
    remark = None if sources else Remark(RemarkCode.ONLINE_ONLY, _where(block), sentence("The video has no address."))
    return f'<div class="callout note">{"".join(parts)}</div>', subtitles, remark


def _sources(element: Element) -> Iterator[str]:
    if element.get("youtube_id_1_0"):
        yield f"https://www.youtube.com/watch?v={element.get('youtube_id_1_0')}"
    for name in ("encoded_video", "source"):
        for found in element.iter(name):
            address = found.get("url") or found.get("src") or ""
            # A stream's playlist is nothing that a browser opens.
            if address.startswith("http") and not address.endswith(".m3u8"):
                yield address
    yield from (found.get("src", "") for found in element.iter("source") if found.get("src", "").startswith("http"))


def _subtitles(element: Element) -> Iterator[str]:
    yield from (f"static/{found.get('src')}" for found in element.iter("transcript") if found.get("src"))
    try:
        named = json.loads(element.get("transcripts") or "{}")
    except ValueError:
        named = {}
    if isinstance(named, dict):
        yield from (f"static/{name}" for name in named.values())


def spoken(srt: str) -> list[str]:
    """The words of an SRT file in paragraphs of about a minute's reading."""
    cues = [_CUE.sub("", cue.strip()) for cue in re.split(r"\n\s*\n", srt)]
    words = " ".join(" ".join(cue.split()) for cue in cues if cue)
    paragraphs, start = [], 0
    while start < len(words):
        end = words.find(". ", start + 500)
        end = len(words) if end < 0 else end + 1
        paragraphs.append(words[start:end].strip())
        start = end
    return paragraphs


def _problem(block: Block, language: str) -> Shown:
    parts = "".join(_question(child) for child in xml.children(block.element))
    title = block.element.get("display_name", "").strip() or word("quiz", language)
    html = f'<div class="callout note"><h4>{escape(title)}</h4>{parts}</div>'
    if not any(xml.local(found) in {"customresponse", "jsinput"} for found in _elements(block.element)):
        return html, [], None
    return (
        html,
        [],
        Remark(
            RemarkCode.UNSUPPORTED_BLOCK,
            _where(block),
            sentence("{title!r} needs a program; its text is shown.", title=title),
        ),
    )


def _elements(element: Element) -> Iterator[Element]:
    return (found for found in element.iter() if isinstance(found.tag, str))


def _question(element: Element) -> str:
    """A part of a problem: texts as they are, choices as a list, blanks as lines."""
    name = xml.local(element)
    if name in _SILENT:
        return ""
    if name in _GROUPS:
        return f"<ul>{''.join(_choices(element, _GROUPS[name]))}</ul>"
    if name in _BLANKS:
        return "<p>________</p>"
    if name in {"label", "description"}:
        tag = "strong" if name == "label" else "em"
        return f"<p><{tag}>{_inside(element)}</{tag}></p>"
    if name.endswith("response") or name in {"solution", "problem"}:
        return escape(element.text or "") + "".join(map(_with_tail, xml.children(element)))
    return xml.to_html(element)


def _with_tail(element: Element) -> str:
    return _question(element) + escape(element.tail or "")


def _choices(group: Element, mark: str) -> Iterator[str]:
    options = group.get("options")
    if options:
        yield from (f"<li>{mark} {escape(name)}</li>" for name in re.findall(r"['\"]([^'\"]+)['\"]", options))
    for choice in xml.children(group, "choice", "option"):
        yield f"<li>{mark} {_inside(choice)}</li>"


def _inside(element: Element) -> str:
    shown = [child for child in xml.children(element) if xml.local(child) not in _SILENT]
    return escape(element.text or "") + "".join(map(xml.to_html, shown))


def _experiment(tree: Tree, block: Block, language: str) -> Shown:
    html, files = [], []
    for child in block.variant:
        part, more, _ = block_html(tree, child, language)
        html.append(part)
        files += more
    words = sentence("{title!r} is an experiment: its first variant is shown to all.", title=_title(block))
    return "\n".join(html), files, Remark(RemarkCode.UNSUPPORTED_BLOCK, _where(block), words)


def _left_out(block: Block, language: str) -> Shown:
    question = xml.text_of(xml.first(block.element, "question")) or block.element.get("question", "")
    words = escape(" ".join(filter(None, (_title(block), question))))
    remark = Remark(
        RemarkCode.UNSUPPORTED_BLOCK,
        _where(block),
        sentence("{title!r} ({kind}) can't be done here.", title=_title(block), kind=block.kind),
    )
    return f'<p class="online">{word("left_out", language)} {words}</p>', [], remark
