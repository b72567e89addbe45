"""The characters of a page and their positions, from pdfium."""

from __future__ import annotations

import ctypes
import functools
from array import array
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Callable

_QUARTER = 1.5707963
# pdfium's markers for a non-character, and for a hyphen at the end of a line.
_NONE, _LINE_HYPHEN, _LINE_HYPHEN_AS_TEXT = {0, 0xFFFF}, 2, 0xFFFE
# A hyphen at the end of a line, where the word may go on in the next one.
HYPHEN = "\N{SOFT HYPHEN}"
# A space in the text, and one that pdfium inserts for a gap: it inserts too many.
SPACE, MADE_UP = " ", "\N{THIN SPACE}"


def _quick(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A pdfium function to call for each character: it takes addresses as numbers, which avoids
    creating pointers, and keeps the GIL, since there is no other thread here."""
    found: Callable[..., Any] = ctypes.cast(function, ctypes.PYFUNCTYPE(result, *arguments))
    return found


_code_of = _quick(pdfium.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_box_of = _quick(
    pdfium.FPDFText_GetLooseCharBox,
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p),
)
_angle_of = _quick(pdfium.FPDFText_GetCharAngle, ctypes.c_float, ctypes.c_void_p, ctypes.c_int)
_is_generated = _quick(pdfium.FPDFText_IsGenerated, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of a page, in content order.

    `texts` has one character each, `SPACE` or `MADE_UP` for white space, an empty one for a
    non-character. `boxes` has four numbers for each: left, top, right and bottom, in points in the
    page's own coordinates, whose origin is at the lower left. `quarters` says by how many quarter
    turns to the right each is turned.
    """

    texts: list[str]
    boxes: array[float]
    quarters: list[int]


def characters_of(page: Any, most: int) -> Characters:
    """At most `most` characters of a `pypdfium2.PdfPage`."""
    text_page = page.get_textpage()
    try:
        address = ctypes.cast(text_page.raw, ctypes.c_void_p).value
        count = min(text_page.count_chars(), most)
        boxes = array("f", bytes(16 * count))
        start = boxes.buffer_info()[0]
        places = range(start, start + 16 * count, 16)
        for _ in map(_box_of, repeat(address), range(count), places):
            pass
        texts = [_text(code) for code in _codes(text_page.raw, address, count)]
        quarters = _quarters(text_page.raw, address, texts, boxes)
    finally:
        text_page.close()
    return Characters(texts, boxes, quarters)


def _codes(text_page: Any, address: int | None, count: int) -> list[int]:
    """The code of each character: in one call, if each is one unit of UTF-16."""
    units = (ctypes.c_ushort * (count + 1))()
    if pdfium.FPDFText_GetText(text_page, 0, count, units) - 1 == count:
        return units[:count]
    return list(map(_code_of, repeat(address), range(count)))


@functools.lru_cache(maxsize=4096)
def _text(code: int) -> str:
    if code in {_LINE_HYPHEN, _LINE_HYPHEN_AS_TEXT}:
        return HYPHEN
    text = chr(code)
    if text.isspace():
        return SPACE
    is_none = code in _NONE or code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000
    return "" if is_none else text


def _quarters(
    text_page: Any, address: int | None, texts: list[str], boxes: array[float]
) -> list[int]:
    """How each character is turned, asked only where a line or its direction may have changed. Also
    distinguishes the spaces, and finds a box by its font for a character without one."""
    found: list[int] = []
    quarter = 0
    last_left = last_top = last_bottom = 0.0
    tight = [ctypes.c_double() for _ in range(4)]  # left, right, bottom, top
    references = [*map(ctypes.byref, tight)]
    lefts, tops, rights, bottoms = (boxes[side::4].tolist() for side in range(4))
    each = zip(texts, lefts, tops, rights, bottoms, strict=True)
    for index, (text, left, top, right, bottom) in enumerate(each):
        if text == SPACE:
            if _is_generated(address, index) == 1:
                texts[index] = MADE_UP
        elif text:
            if right - left < 0.01 or top - bottom < 0.01:
                pdfium.FPDFText_GetCharBox(text_page, index, *references)
                tight_left, tight_right, tight_bottom, tight_top = (side.value for side in tight)
                box = (tight_left, tight_top, tight_right, tight_bottom)
                boxes[index * 4 : index * 4 + 4] = array("f", box)
            if top != last_top or bottom != last_bottom or left <= last_left:
                quarter = round(_angle_of(address, index) / _QUARTER) % 4
            last_left, last_top, last_bottom = left, top, bottom
        found.append(quarter)
    return found
