"""Notes that are code, data or a stack trace: what they define, and in which language.

A guess from the lines themselves, good enough for a title and a tag.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.reading.wording import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Snippet:
    """`language` as people write it ("Python"), empty if unknown; `names` in order."""

    language: str
    names: tuple[str, ...]
    comment: str  # the code's own description in words
    outline: tuple[str, ...]  # used as a summary: signatures or pairs, else its lines
    first: str  # the first line that is no comment
    title: str = ""  # if it has a better one than its names


_CODE_SHARE = 0.55
_MOST_LINES = 400
_LONGEST_LINE = 400

# Names of programs are words as well ("docker training (Tuesday)"), so what follows counts too.
_COMMAND = (
    r"(?:\$ \w|(?:sudo|apt|apt-get|brew|systemctl|kubectl|rsync|chmod|chown|scp|ssh|tar) "
    r"[\w./-]+ [\w./@:-]|docker (?:run|build|compose|ps|exec|pull|push|logs|images|stop|rm)\b"
    r"|git (?:add|commit|push|pull|clone|checkout|rebase|merge|log|status|diff|reset|stash)\b"
    r"|(?:npm|pnpm|yarn|pip|pip3|cargo|go) (?:install|i|run|add|test|build|init|get)\b"
    r"|curl (?:-|https?:|[\"'])|echo [\"'$]|export \w+=|cd [./~][\w./~-]*\s*$|mkdir -)"
)

# What only code begins a line with, or ends one with.
_CODE_LINE = re.compile(
    r"^\s*(?:def \w+\(|class \w+\s*[:({]|@\w+|return\b.*[;\w)]$"
    r"|from [\w.]+ import |import [\w.]+(?: as \w+)?(?:, ?[\w.]+)*;?$|import [{*]"
    r"|(?:public|private|protected|static|async|export|func|fn|pub|function|const|let|var|type"
    r"|interface|struct|enum|package|namespace|using|impl|module|end|elif|else:|try:|except\b)\b"
    r"|#include|#define|#!/|<\?php|</?[a-zA-Z][\w-]*[^<>]*>\s*$|<!DOCTYPE|\$ ?\w+|\$\w+ ?="
    r"|(?:if|for|while|with|switch|elif|match)\b.*[:{]\s*$|[})\]]+[;,]?\s*$|//|/\*|\*/|--\s"
    r"|\"[\w-]+\":|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|FROM|WHERE|JOIN"
    r"|LEFT JOIN|GROUP BY|ORDER BY|LIMIT|VALUES|SET|WITH)\b(?![a-z])"
    rf"|{_COMMAND}"
    r"|[\w.\[\]\"']+\s*(?:[-+*/|]?=|:=|=>|<-)\s*\S|[\w.]+\([^()]*\)?[;,{(]?\s*$"
    r"|[.#]?[\w-]+\s*\{\s*$)"
    r"|[;{]\s*$|=>|&&|\|\||\(\)\s*[:{;.]"
)
_COMMENT = re.compile(
    r"^\s*(?:#(?!include|define|!)|//+|--|/?\*+/?|<!--|;)\s*(.*?)\s*(?:\*/|-->)?$"
)
_DOCSTRING = re.compile(r"[\"']{3}(.{3,600}?)[\"']{3}", re.DOTALL)

_LANGUAGES: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (name, re.compile(pattern, re.MULTILINE))
    for name, pattern in (
        ("PHP", r"<\?php|^\s*\$\w+\s*=.*;\s*$"),
        ("HTML", r"<!DOCTYPE html|^\s*<(?:html|head|body|div|form|table|section|nav|ul)\b"),
        ("Python", r"^\s*(?:def \w+\(.*\).*:|class \w+[^{;\n]*:|from [\w.]+ import "
                   r"|import [\w.]+(?: as \w+)?(?:, ?[\w.]+)*$"
                   r"|async def |@\w+[\w.]*(?:\(.*\))?$|elif .*:|except\b.*:)"),
        ("Rust", r"^\s*(?:pub )?(?:fn \w+.*(?:->|\{)|impl\b.*\{|let mut |use \w+::|struct \w+ \{)"),
        ("Go", r"^(?:package \w+\s*$|func (?:\(\w+ \*?\w+\) )?\w+\(.*\{|import \("
               r"|type \w+ struct)|:="),
        ("C#", r"^\s*(?:using [\w.]+;|namespace [\w.]+\b|public (?:async )?Task)"),
        ("Java", r"^\s*(?:import java|package [\w.]+;|public (?:static |final |abstract )*(?:class"
                 r"|interface|void|int|String)\b)"),
        ("TypeScript", r"^\s*(?:export )?(?:interface \w+ \{|type \w+ =)|:\s*(?:string|number"
                       r"|boolean|void|Promise<.*>)\s*[,;)={]"),
        ("JavaScript", r"^\s*(?:export |async |default )*(?:function\*? \w*\(|const \w+ =|let \w+ ="
                       r"|var \w+ =|import .* from ['\"])|=>|require\(|console\.log"),
        ("C++", r"#include <(?:iostream|vector|string|map|memory)>|std::|template ?<"),
        ("C", r"#include [<\"]|^\s*(?:int|void|char|static|struct) \*?\w+\(.*\)\s*\{?$"),
        ("Ruby", r"^\s*(?:def \w+[?!]?\s*(?:\(.*\))?\s*$|require ['\"]|\w+\.each do)"),
        ("SQL", r"^\s*(?i:SELECT\s.+|INSERT INTO\s|UPDATE \w+ SET|DELETE FROM\s|ALTER TABLE\s"
                r"|CREATE (?:OR REPLACE |UNIQUE |TEMP )?(?:TABLE|INDEX|VIEW|FUNCTION)\s"
                r"|WITH \w+ AS \()"),
        ("Dockerfile", r"^FROM [\w./:-]+(?: AS \w+)?\s*$"),
        ("Shell", rf"^#!.*sh\b|^\s*{_COMMAND}|^\s*(?:fi|done|esac)$"),
        ("CSS", r"^\s*[.#]?[\w-]+(?:[ ,:>.#][\w ,:>.#-]*)?\s*\{\s*$[^{}]*?^\s*[\w-]+\s*:[^;{}]+;"),
    )
)  # fmt: skip
_DEFINITION = re.compile(
    r"^[ \t]*(?:(?:export|default|public|private|protected|static|final|abstract|async|pub|inline"
    r"|extern|override)\s+)*"
    r"(?:(?P<kind>class|interface|struct|enum|trait|def|function\*?|func(?:\s+\([^)\n]*\))?|fn|impl"
    r"|module|namespace|type|"
    r"(?i:create\s+(?:or\s+replace\s+)?(?:unique\s+)?(?:table|view|index|function|procedure|type)"
    r"(?:\s+concurrently)?(?:\s+if\s+not\s+exists)?))\s+(?P<name>[A-Za-z_][\w.]*[?!]?)"
    r"|(?:const|let|var)\s+(?P<arrow>\w+)\s*=\s*(?:async\s*)?(?:\([^()\n]*\)|\w+)\s*=>"
    r"|(?:[\w<>\[\]*&:]+[ \t]+)+[*&]?(?P<method>\w+)\([^;=\n]*\)[^;=\n]*\{\s*$)",
    re.MULTILINE,
)  # fmt: skip
_TRACE = re.compile(r"^Traceback \(most recent call last\):", re.MULTILINE)
_TRACE_END = re.compile(
    r"^(?:\w+\.)*(\w+(?:Error|Exception|Warning|Exit|Interrupt)\b.*)$", re.MULTILINE
)
_NO_NAMES = frozenset("if for while switch catch return else new match main".split())


def read_snippet(text: str, fenced: str = "") -> Snippet | None:
    """What `text` is if most of its lines are code; None for prose. `fenced`: a fence's language.

    Reads the first 400 lines.
    """
    if data := _data(text.strip()):
        return data
    lines = [line[:_LONGEST_LINE] for line in text.split("\n") if line.strip()][:_MOST_LINES]
    text = "\n".join(lines)
    if _TRACE.search(text) and (errors := _TRACE_END.findall(text)):
        return Snippet(
            "Python", (errors[-1].split(":")[0],), "", tuple(errors[-1:]), "", errors[-1]
        )
    coded = sum(1 for line in lines if _CODE_LINE.search(line))
    language = _named(fenced) or _language(text)
    comments = [match[1] for line in lines if (match := _COMMENT.match(line))]
    other = len(lines) - len(comments)
    certain = coded > 1 or any(sign in text for sign in "(){}[];=<>$")
    if not fenced and not (language and certain and coded >= _CODE_SHARE * other > 0):
        return None
    names = _names(text)
    documented = _DOCSTRING.search(text)
    opening = " ".join((documented[1] if documented else " ".join(comments[:3])).split())
    signatures = [line.strip().rstrip("{(:").strip() for line in lines if _DEFINITION.match(line)]
    code = [line.strip() for line in lines if not _COMMENT.match(line)]
    body = [line.rstrip("{(").rstrip() for line in code if any(map(str.isalnum, line))]
    first = (code or [text.strip()])[0].rstrip(" {(")
    return Snippet(language, tuple(names), opening, tuple(signatures or body), first)


def _data(text: str) -> Snippet | None:
    """A JSON document, by its keys."""
    if text[:1] not in "{[" or text[-1:] not in "}]":
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    while isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict) or not value:
        return None
    keys = [key for key in value if key.strip()][:12]
    called = [value[key] for key in ("name", "title", "id") if isinstance(value.get(key), str)]
    pairs = [
        f"{key}: {shorten(str(value[key]), 60)}"
        for key in keys
        if isinstance(value[key], str | int | float)
    ]
    return Snippet(
        "JSON", tuple(called[:1] or keys), "", tuple(pairs or keys), text.split("\n", maxsplit=1)[0]
    )


def _named(fence: str) -> str:
    known = {name.lower(): name for name, _ in _LANGUAGES} | {
        "py": "Python", "js": "JavaScript", "ts": "TypeScript", "rs": "Rust", "rb": "Ruby",
        "sh": "Shell", "bash": "Shell", "console": "Shell", "zsh": "Shell", "cpp": "C++",
        "cs": "C#", "golang": "Go", "postgresql": "SQL",
    }  # fmt: skip
    return known.get(fence.lower(), fence)


def _language(text: str) -> str:
    """The language with the most telling lines; of equals, the one listed first."""
    hits = {name: len(pattern.findall(text)) for name, pattern in _LANGUAGES}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else ""


def _names(text: str) -> list[str]:
    """What the code defines at its outermost level: the public, in order, each once."""
    outer: dict[str, None] = {}
    inner: dict[str, None] = {}
    for match in _DEFINITION.finditer(text):
        name = match["name"] or match["arrow"] or match["method"]
        if name.lower() not in _NO_NAMES:
            (inner if match.group()[0].isspace() else outer)[name] = None
    names = list(outer or inner)
    return [name for name in names if not name.startswith("_")] or names


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\W]+")


def spoken(name: str) -> str:
    """An identifier as words: `LRUCache` is "lru cache", `parse_args` "parse args"."""
    return " ".join(part for part in _HUMP.split(name) if part).lower()
