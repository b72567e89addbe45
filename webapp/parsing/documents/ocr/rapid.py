"""RapidOCR: PP-OCR's models, which are in its wheel, run by onnxruntime on one thread."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.documents.ocr.lines import Line

if TYPE_CHECKING:
    from PIL.Image import Image

# Its classifier takes one line in thirty for upside down, and then reads nonsense: whole pages are
# turned instead. Lines of unequal length are squeezed when they are read together.
_SETTINGS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "Rec.rec_batch_num": 1,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}

# The mean score of the lines of a page: upright ones are above 0.95, others below 0.8.
_SURE: Final = 0.9


class RapidOcr:
    """Loads the models, for which it opens files and starts a thread; reading needs neither."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        engine: Any = RapidOCR(params=_SETTINGS)
        # Otherwise each is loaded when first needed.
        engine._load_det_model()
        engine._load_rec_model()
        self._engine = engine

    def lines(self, picture: Image) -> list[Line]:
        """The lines on a picture, unordered. If it is upside down, their places are those on the
        picture turned the right way round."""
        import numpy as np

        # It was trained on pictures in BGR order.
        pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]
        sure, lines = self._read(pixels)
        if lines and sure < _SURE:
            sure_of_turned, turned = self._read(np.ascontiguousarray(pixels[::-1, ::-1]))
            if sure_of_turned > sure:
                return turned
        return lines

    def _read(self, pixels: Any) -> tuple[float, list[Line]]:
        """How sure it is of the lines in the mean, from 0 to 1, and the lines."""
        read = self._engine(pixels)
        if read.boxes is None or not read.txts:
            return 0.0, []
        found = []
        for corners, text in zip(read.boxes.tolist(), read.txts, strict=True):
            across, down = zip(*corners, strict=True)
            found.append(Line(text, min(across), min(down), max(across), max(down)))
        return fmean(read.scores), found
