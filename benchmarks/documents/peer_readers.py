"""Reads files with one of the peers, in the peers' environment.

`python peer_readers.py xberg|anydoc|markitdown` reads a path from each line of its input and
prints the file's text as one line of JSON; null if the peer refuses the file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings


def xberg():
    from xberg import ExtractInput, extract

    def read(path):
        result = asyncio.run(extract(ExtractInput(kind="uri", uri=path)))
        return "\n".join(each.content for each in result.results)

    return read


def anydoc():
    from anydoc import to_markdown

    return to_markdown


def markitdown():
    from markitdown import MarkItDown

    converter = MarkItDown()
    return lambda path: converter.convert(path).text_content


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    read = {"xberg": xberg, "anydoc": anydoc, "markitdown": markitdown}[sys.argv[1]]()
    for line in sys.stdin:
        try:
            text = read(line.rstrip("\n"))
        except Exception:  # noqa: BLE001  # whatever it is, the file counts as not read
            text = None
        print(json.dumps(text), flush=True)


if __name__ == "__main__":
    main()
