"""Text from bytes whose charset is only known from what the sender declares, if at all."""

from __future__ import annotations

import codecs
import re

# What a charset label means by the WHATWG Encoding Standard: browsers read `iso-8859-1` as
# windows-1252, and pages are written for browsers. Only these: Python has codecs such as `punycode`
# and `idna` whose decoding is quadratic, and `utf-7`, which hides tags from a filter.
_CODECS = {
    **dict.fromkeys(["ascii", "iso8859-1", "cp1252"], "cp1252"),
    **dict.fromkeys(["gb2312", "gbk", "gb18030"], "gb18030"),
    **dict.fromkeys(["shift_jis", "cp932"], "cp932"),
    **dict.fromkeys(["euc_kr", "cp949"], "cp949"),
    **dict.fromkeys(["big5", "big5hkscs"], "big5hkscs"),
    **dict.fromkeys(["iso8859-9", "cp1254"], "cp1254"),
    **dict.fromkeys(["iso8859-11", "tis-620", "cp874"], "cp874"),
    **{name: name for name in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "euc_jp")},
    **{name: name for name in ("iso2022_jp", "koi8-r", "koi8-u", "cp866", "mac-roman")},
    **{f"cp{number}": f"cp{number}" for number in (1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DECLARED = re.compile(
    rb"""<(?:meta\s[^>]{0,500}?charset|\?xml\s[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 4096  # bytes; the standard says 1024, pages are less strict
_GUESS_FROM = 32_768  # bytes; charset-normalizer tries some ninety codecs on its input


def decode(body: bytes, charset: str | None, *, markup: bool = False) -> str:
    """`body` as text: by its byte order mark, the server's `charset`, its own declaration (only
    with `markup`), as UTF-8, or by a guess. Never fails: what does not fit becomes U+FFFD.
    """
    for mark, marked in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(marked, "replace")
    codec = _codec(charset)
    if codec is None and markup and (declared := _DECLARED.search(body[:_DECLARED_WITHIN])):
        codec = _codec(declared[1].decode("ascii", "replace"))
        if codec is not None and codec.startswith("utf-16"):
            codec = "utf-8"  # a declaration readable as ASCII is wrong about that
    if codec is None:
        try:
            return body.decode()
        except UnicodeDecodeError:
            codec = _guess(body)
    return body.decode(codec, "replace")


def _codec(label: str | None) -> str | None:
    """Python's name for a charset label, or None for one that is unknown or unwanted."""
    if not label or not re.fullmatch(r"[A-Za-z0-9_.:-]{1,40}", label):
        return None
    try:
        return _CODECS.get(codecs.lookup(label).name)
    except LookupError:
        return None


def _guess(body: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_GUESS_FROM]).best()
    return (best and _codec(best.encoding)) or "cp1252"
