"""Finds tables with one of the peers, in the peers' environment.

`python peer.py img2table|camelot|pdfplumber|tabula` takes a path on each line of its input, and
answers each with one line of JSON: the tables by page, seconds, and the most memory so far, in MiB.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
import warnings


def img2table():
    from img2table.document import PDF

    def find(path):
        found = PDF(path).extract_tables(borderless_tables=True)
        return {
            page + 1: [table.df.fillna("").astype(str).values.tolist() for table in tables]
            for page, tables in found.items()
        }

    return find


def camelot():
    import camelot

    def find(path):
        pages = {}
        for table in camelot.read_pdf(path, pages="all", flavor="auto", suppress_stdout=True):
            pages.setdefault(table.page, []).append(table.df.values.tolist())
        return pages

    return find


def pdfplumber():
    import pdfplumber as peer

    def find(path):
        with peer.open(path) as document:
            return {
                number: [
                    [[text or "" for text in row] for row in table]
                    for table in page.extract_tables()
                ]
                for number, page in enumerate(document.pages, 1)
            }

    return find


def tabula():
    import tabula as peer
    from pypdfium2 import PdfDocument

    def find(path):
        pages = {}
        for number in range(1, len(PdfDocument(path)) + 1):
            found = peer.read_pdf(
                path, pages=number, guess=True, pandas_options={"header": None, "dtype": str},
                multiple_tables=True, silent=True,
            )  # fmt: skip
            pages[number] = [table.fillna("").astype(str).values.tolist() for table in found]
        return pages

    return find


def main():
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some of them print
    find = {each.__name__: each for each in (img2table, camelot, pdfplumber, tabula)}[sys.argv[1]]()
    for line in sys.stdin:
        began = time.monotonic()
        found = {}
        with contextlib.suppress(Exception):  # whatever it is, the file counts as without tables
            found = find(line.rstrip("\n"))
        seconds = time.monotonic() - began
        used = max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(json.dumps([found, seconds, used / 1024]), file=answers, flush=True)


if __name__ == "__main__":
    main()
