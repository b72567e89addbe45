"""What people have added to a page: form values, notes, and files."""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST = 5_000  # on a page
_MOST_TEXT = 1 << 18  # bytes
_VALUES = {
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
}
# A pop-up repeats the note that it belongs to.
_WITHOUT_NOTES = {pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_LINK}


@dataclass(frozen=True, slots=True)
class Annotation:
    """Its text, its box in the page's coordinates (left, bottom, right, top), and a file's
    handle."""

    text: str
    box: tuple[float, float, float, float]
    file: Any


def annotations_of(page: Any, forms: Any) -> Iterator[Annotation]:
    """The annotations of a page that have text. `forms` is the document's form environment, or
    None."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            text, file = "", None
            if kind == pdfium.FPDF_ANNOT_WIDGET:
                if forms and pdfium.FPDFAnnot_GetFormFieldType(forms, annotation) in _VALUES:
                    text = _text(pdfium.FPDFAnnot_GetFormFieldValue, forms, annotation)
            elif kind not in _WITHOUT_NOTES:
                text = _text(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
            if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                file = pdfium.FPDFAnnot_GetFileAttachment(annotation)
            if text.strip() or file:
                yield Annotation(text, _box(annotation), file)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def files_of(document: Any) -> Iterator[Any]:
    """The handles of the files attached to a whole document."""
    for index in range(min(pdfium.FPDFDoc_GetAttachmentCount(document.raw), _MOST)):
        with contextlib.suppress(ValueError):
            if file := pdfium.FPDFDoc_GetAttachment(document.raw, index):
                yield file


def name_of(file: Any) -> str:
    """The name of a file attached to a PDF."""
    return _text(pdfium.FPDFAttachment_GetName, file)


def bytes_of(file: Any, allow: Callable[[int], None]) -> bytes:
    """Its bytes; `allow` is called with their number first."""
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(file, None, 0, ctypes.byref(size)):
        return b""
    allow(size.value)
    buffer = ctypes.create_string_buffer(size.value)
    pdfium.FPDFAttachment_GetFile(file, buffer, size.value, ctypes.byref(size))
    return buffer.raw[: size.value]


def _text(function: Callable[..., int], *arguments: Any) -> str:
    """The result of a function that writes UTF-16 into a buffer, and returns its size without
    one."""
    size = function(*arguments, None, 0)
    if not 2 < size <= _MOST_TEXT:
        return ""
    units = (ctypes.c_ushort * (size // 2))()
    function(*arguments, units, size)
    return bytes(units).decode("utf-16-le", "replace").rstrip("\0")


def _box(annotation: Any) -> tuple[float, float, float, float]:
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(box))
    low, high = sorted((box.bottom, box.top))
    return box.left, low, box.right, high
