"""Reads text from pictures, if an OCR engine is installed."""

from __future__ import annotations

import importlib.util
import shutil
from typing import Literal

Engine = Literal["rapidocr", "tesseract"]


def find_engine() -> Engine | None:
    """The installed OCR engine: RapidOCR, else tesseract. Imports neither."""
    if all(map(importlib.util.find_spec, ("rapidocr", "onnxruntime"))):
        return "rapidocr"
    return "tesseract" if shutil.which("tesseract") else None
