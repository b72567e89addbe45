"""RapidOCR: PP-OCR's models, which are in its wheel, run by onnxruntime on one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.ocr.lines import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_SETTINGS = {
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class RapidOcr:
    """Loads the models, for which it opens files and starts a thread; reading needs neither."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        engine: Any = RapidOCR(params=_SETTINGS)
        # Otherwise each is loaded when first needed.
        engine._load_det_model()
        engine._load_cls_model()
        engine._load_rec_model()
        self._engine = engine

    def lines(self, picture: Image) -> list[Line]:
        """The lines on a picture, unordered."""
        import numpy as np

        # It was trained on pictures in BGR order.
        read = self._engine(np.asarray(picture.convert("RGB"))[:, :, ::-1])
        if read.boxes is None or not read.txts:
            return []
        found = []
        for corners, text in zip(read.boxes.tolist(), read.txts, strict=True):
            across, down = zip(*corners, strict=True)
            found.append(Line(text, min(across), min(down), max(across), max(down)))
        return found
