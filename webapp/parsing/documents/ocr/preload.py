"""The imports of the fork server for pictures: the readers, and RapidOCR as far as that starts no
thread. onnxruntime does, so each child imports it itself."""

from __future__ import annotations

import cv2
import numpy  # noqa: ICN001, F401
import rapidocr

import webapp.parsing.documents.preload
from webapp.parsing.documents.tasks import recognise, recognise_tables  # noqa: F401

cv2.setNumThreads(1)
rapidocr.RapidOCR  # noqa: B018 -- it is imported when it is looked up
webapp.parsing.documents.preload  # noqa: B018
