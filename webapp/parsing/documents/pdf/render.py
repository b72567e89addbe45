"""Pictures of a PDF's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pypdfium2

from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.pdf.reader import open_pdf

if TYPE_CHECKING:
    from PIL.Image import Image

    from webapp.parsing.documents.source import Source


def render(
    source: Source, number: int, size: tuple[int, int], password: str | None = None
) -> Image:
    """Page `number`, from 1, as it is shown, at most as large as `size`. Raises DocumentError."""
    document = open_pdf(source, password)
    document.init_forms()
    if number > len(document):
        raise DocumentError("no_such_page")
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        raise DocumentError("damaged") from error
    width, height = page.get_size()
    return render_page(page, min(size[0] / max(width, 1), size[1] / max(height, 1)))


def render_page(page: Any, scale: float) -> Image:
    """A page of a document, `scale` pixels a point."""
    picture: Image = page.render(scale=scale, may_draw_forms=True).to_pil()
    return picture
