"""Reads pictures of pages by Coffer's OCR, with the engine of the environment that it runs in.

Prints the engine; then reads a path from each line of its input and prints the picture's text and
the seconds that it took, as one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from webapp.parsing.documents.ocr import find_engine
from webapp.parsing.documents.readers import Readers


def main():
    print(json.dumps(find_engine()), flush=True)
    readers = Readers()
    for line in sys.stdin:
        began = time.monotonic()
        with Path(line.rstrip("\n")).open("rb") as opened:
            document = readers.read(opened.fileno(), name="page.png")
        print(json.dumps([document.text, time.monotonic() - began]), flush=True)
    readers.close()


if __name__ == "__main__":
    main()
