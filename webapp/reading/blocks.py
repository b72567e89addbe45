"""A note split into headings, paragraphs, list items and code, with its Markdown removed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["heading", "text", "item", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a note. `text` has one line, except in code; `spaced`: a blank line follows."""

    kind: Kind
    text: str
    spaced: bool = False
    info: str = ""  # the language a code fence names


@dataclass(frozen=True, slots=True)
class Note:
    """The blocks in order, and what the front matter or a "Subject:" line says for itself."""

    blocks: tuple[Block, ...]
    title: str = ""
    tags: tuple[str, ...] = ()


_FENCE = re.compile(r"^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(\S.*)$")
_UNDERLINE = re.compile(r"^\s{0,3}(?:={3,}|-{3,})\s*$")
_ITEM = re.compile(
    r"^\s*(?:[-*+•‣◦▪–—]|\d{1,3}[.)]|\(?[a-z]\))\s+(?:\[[ xX]?\]\s+)?(?=\S)"
    r"|^\s*(?:\[[ xX]?\]|[☐☑☒✅✔✓✗])\s*(?=\S)"
)
_QUOTE = re.compile(r"^\s*(?:>\s?)+")
_RULED = frozenset("-*_=~#.+•|:")
_NAMED = re.compile(
    r"^(?:subject|title|betreff|titel|asunto|título|objet|titre|oggetto|titolo|assunto|onderwerp)"
    r"\s*:\s*(\S.*)$",
    re.IGNORECASE,
)
_FRONT = re.compile(r"\A---[ \t]*\n(.{0,5000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_LINE = re.compile(r"^([A-Za-z_]{1,20}):[ \t]*(.*)$")
_HASHTAG = re.compile(r"(?<![\w#&/])#([^\W\d_][\w/-]{1,49})")

_INLINE = (
    (re.compile(r"!\[([^\[\]\n]{0,200})\]\([^)\s]{0,500}+[^)\n]{0,100}+\)"), r"\1"),
    (re.compile(r"\[([^\[\]\n]{1,300})\]\([^)\s]{0,500}+[^)\n]{0,100}+\)"), r"\1"),
    (re.compile(r"\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,50}\]"), r"\1"),
    (re.compile(r"\[\[(?:[^\[\]|\n]{1,200}\|)?([^\[\]\n]{1,200})\]\]"), r"\1"),
    (re.compile(r"<(https?://[^>\s]{1,500})>"), r"\1"),
    (re.compile(r"(?<!`)`{1,3}+([^`\n]{1,500})`+"), r"\1"),
    (re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,500}?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<![\w_])(_{1,3})(?=\S)([^_\n]{1,500}?)(?<=\S)\1(?![\w_])"), r"\2"),
    (re.compile(r"~~(?=\S)([^~\n]{1,500}?)~~"), r"\1"),
    # Only tags of plain prose: `List<String>` and `a < b` stay what they are.
    (
        re.compile(
            r"</?(?:p|br|div|span|b|i|u|em|strong|a|h[1-6]|ul|ol|li|img|small|sub|sup|blockquote)"
            r"\b[^<>\n]{0,300}>",
            re.IGNORECASE,
        ),
        " ",
    ),
)
_SPACES = re.compile(r"\s+")
_LONGEST_HEADING = 120
# A hard-wrapped line is about as long as its neighbours; a thought on a line of its own is not.
_WRAPPED = 45
_CLOSED = (".", "!", "?", "…", "。", "！", "？", "؟", "।", "۔")
_SENTENCE_ENDS = (*_CLOSED, ":")
_SHORT_LINE = 60


def parse(text: str) -> Note:
    """`text` (cleaned, lines ended by LF) as blocks. Linear in its length."""
    front = _FRONT.match(text)
    named = dict(_front_lines(front[1])) if front else {}
    if front and named:
        text = text[front.end() :]
    title = named.get("title", "").strip("\"' ")
    tags = [tag.strip("\"'[]# ") for tag in re.split(r"[,\n]", named.get("tags", ""))]
    blocks: list[Block] = []
    for block in _blocks(text):
        subject = _NAMED.match(block.text) if block.kind == "text" and len(blocks) < 3 else None
        if subject and not title:
            title = subject[1]
        elif block.text:
            blocks.append(block)
    tags += [found[1] for block in blocks if block.kind != "code" for found in _hashtags(block)]
    blocks = list(_lines_as_items(blocks))
    return Note(tuple(blocks), title, tuple(dict.fromkeys(filter(None, tags))))


def _front_lines(lines: str) -> Iterator[tuple[str, str]]:
    """The pairs of a front matter. A list, one `- entry` a line, comes joined by line ends."""
    key, values = "", list[str]()
    for line in lines.split("\n"):
        if pair := _FRONT_LINE.match(line):
            yield key, "\n".join(values)
            key, values = pair[1].lower(), [pair[2]]
        elif item := _ITEM.match(line):
            values.append(line[item.end() :])
    yield key, "\n".join(values)


def _lines_as_items(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks, with lines that are a list in all but their bullets made items.

    Three or more short lines in a row without a full stop: "Pancakes / 2 eggs / 200 g flour".
    """
    run: list[Block] = []
    for block in blocks:
        line = block.kind == "text" and len(block.text) <= _SHORT_LINE
        if line and not block.text.endswith(_CLOSED):
            run.append(block)
            if not block.spaced:
                continue
            yield from _listed(run)
        else:
            yield from _listed(run)
            yield block
        run = []
    yield from _listed(run)


def _listed(run: Sequence[Block]) -> Iterator[Block]:
    if len(run) < 3:
        yield from run
        return
    first, rest = run[0], run[1:]
    counted = sum(any(map(str.isdecimal, block.text)) for block in rest)
    heads = first.text.endswith(":") or (
        len(first.text.split()) <= 3
        and not any(map(str.isdecimal, first.text))
        and counted * 2 > len(rest)
    )
    yield replace(first, kind="heading" if heads else "item")
    yield from (replace(block, kind="item") for block in rest)


def _hashtags(block: Block) -> Iterator[re.Match[str]]:
    return _HASHTAG.finditer(block.text)


def _blocks(text: str) -> Iterator[Block]:
    lines = text.split("\n")
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if fence := _FENCE.match(line):
            yield from _paragraph(paragraph, spaced=True)
            end = _fence_end(lines, at, fence[1])
            yield Block("code", "\n".join(lines[at:end]), True, fence[2])
            at = end + 1
            continue
        line = _QUOTE.sub("", line)
        following = lines[at] if at < len(lines) else ""
        if not line.strip():
            yield from _paragraph(paragraph, spaced=True)
        elif heading := _HEADING.match(line):
            yield from _paragraph(paragraph, spaced=True)
            yield Block("heading", plain(heading[1].rstrip(" #")), True)
        elif _is_rule(line):
            yield from _paragraph(paragraph, spaced=True)
        elif not paragraph and len(line) <= _LONGEST_HEADING and _UNDERLINE.match(following):
            yield Block("heading", plain(line), True)
            at += 1
        elif item := _ITEM.match(line):
            yield from _paragraph(paragraph)
            at, rest = _continued(lines, at, line[item.end() :])
            yield Block("item", plain(rest), not following.strip())
        elif line.lstrip().startswith("|") and line.count("|") > 2:
            yield from _paragraph(paragraph)
            cells = [plain(cell) for cell in line.strip().strip("|").split("|")]
            yield Block("item", ", ".join(filter(None, cells)))
        else:
            paragraph.append(plain(line))
    yield from _paragraph(paragraph, spaced=True)


def _is_rule(line: str) -> bool:
    """Whether the line only divides: `---`, `* * *`, the second line of a table."""
    marks = "".join(line.split())
    return len(marks) >= 3 and _RULED.issuperset(marks)


def _fence_end(lines: list[str], at: int, fence: str) -> int:
    while at < len(lines) and not lines[at].strip().startswith(fence):
        at += 1
    return at


def _continued(lines: list[str], at: int, item: str) -> tuple[int, str]:
    """An item together with the indented lines that carry it on, and where they end."""
    parts = [item]
    while at < len(lines) and lines[at].startswith("  ") and lines[at].strip():
        if _ITEM.match(lines[at]) or _FENCE.match(lines[at]):
            break
        parts.append(lines[at])
        at += 1
    return at, " ".join(parts)


def _paragraph(lines: list[str], *, spaced: bool = False) -> Iterator[Block]:
    """The lines collected so far, those wrapped by hand joined again; empties `lines`."""
    whole = [line for line in lines if line]
    lines.clear()
    width = max(map(len, whole), default=0)
    # If every line begins in lower case, that is the writer's habit and not a sign of a continued
    # line.
    habit = all(line[0].islower() for line in whole)
    joined: list[str] = []
    last = ""
    for line in whole:
        if joined and _runs_on(last, width, small=line[0].islower() and not habit):
            # Chinese and Japanese wrap without a space.
            glue = "" if _wide(last[-1]) and _wide(line[0]) else " "
            joined[-1] += glue + line
        else:
            joined.append(line)
        last = line
    for index, line in enumerate(joined):
        yield Block("text", line, spaced and index == len(joined) - 1)


def _runs_on(line: str, width: int, *, small: bool) -> bool:
    if line.endswith(_SENTENCE_ENDS):
        # Joining is harmless here, as the sentence ends anyway; but a short line is its own.
        return len(line) >= _WRAPPED and len(line) >= width * 0.7 and not line.endswith(":")
    if small:
        return len(line) >= 25 or line.endswith((",", "-", "–"))
    return len(line) >= _WRAPPED and len(line) >= width * 0.7


def _wide(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def plain(line: str) -> str:
    """One line of Markdown as it reads: links by their text, without stars and backticks."""
    if any(mark in line for mark in "[*_`~<"):
        for pattern, replacement in _INLINE:
            line = pattern.sub(replacement, line)
    return _SPACES.sub(" ", line).strip()
