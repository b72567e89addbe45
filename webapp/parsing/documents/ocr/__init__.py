"""Reads text from pictures, where something is installed that can."""

from __future__ import annotations

import importlib.util
import shutil
from typing import Literal

Engine = Literal["rapidocr", "tesseract"]


def find_engine() -> Engine | None:
    """What is there to read pictures with: RapidOCR, else tesseract. Imports neither."""
    if all(map(importlib.util.find_spec, ("rapidocr", "onnxruntime"))):
        return "rapidocr"
    return "tesseract" if shutil.which("tesseract") else None
