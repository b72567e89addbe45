"""Tables that no rule was made for: those that the tests of camelot and tabula-java expect.

    python -m benchmarks.tables.elsewhere CAMELOT TABULA

takes the folders of their repositories, at versions 2.0.0 and 1.0.5. An expected table is compared
with the most similar one that is found in its file, by relations. What they expect is what their
own programs give, with headings as they are laid out, so nobody reaches 1.
"""

from __future__ import annotations

import csv
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.tables.__main__ import found_here
from benchmarks.tables.truth import f1, placed, relations

if TYPE_CHECKING:
    from benchmarks.tables.truth import Texts

TABULA: Final = (
    *("AnimalSounds", "MultiColumn", "argentina_diputados_voting_record", "frx_2012_disclosure"),
    *("indictb1h_14", "schools", "spanning_cells", "spreadsheet_no_bounding_frame"),
    "Publication_of_award_of_Bids_for_Transport_Sector__August_2016",
)
# Without those that show what options of the program do.
CAMELOT: Final = {
    "data_lattice_table_rotated": "clockwise_table_1",
    "data_lattice_two_tables_1": "twotables_2",
    "data_lattice_two_tables_2": "twotables_2",
    "data_lattice_process_background": "background_lines_1",
    "data_lattice_shift_text_left_top": "column_span_2",
    "data_lattice_split_text": "split_text_lattice",
    "data_stream": "health",
    "data_stream_table_rotated": "clockwise_table_2",
    "data_stream_columns": "mexican_towns",
    "data_hybrid_vertical_headers": "vertical_header",
    "data_network_flag_size": "superscript",
    "data_network_two_tables_b_1": "multiple_tables",
    "data_network_two_tables_b_2": "multiple_tables",
}


def main() -> int:
    camelot, tabula = map(Path, sys.argv[1:3])
    expected = [*_camelot(camelot), *_tabula(tabula)]
    found = found_here(sorted({pdf for pdf, _ in expected}))
    right = wanted = given = whole = 0
    scores = []
    for pdf, texts in expected:
        theirs = relations(texts)
        best = (0, theirs.total(), 0)
        every = [table for tables in found[pdf].values() for table in tables]
        for table in every:
            ours = relations(table)
            each = ((theirs & ours).total(), theirs.total(), ours.total())
            best = max(best, each, key=lambda each: f1(*each))
        whole += any(placed(table) == placed(texts) for table in every)
        scores.append(f1(*best))
        right, wanted, given = right + best[0], wanted + best[1], given + best[2]
    print(f"{len(expected)} tables: relations {f1(right, wanted, given):.3f}, mean "
          f"{sum(scores) / len(scores):.3f}, whole {whole}")  # fmt: skip
    return 0


def _tabula(folder: Path) -> list[tuple[Path, Texts]]:
    place = folder / "src/test/resources/technology/tabula"
    found = []
    for name in TABULA:
        with (place / "csv" / f"{name}.csv").open(newline="") as file:
            found.append((place / f"{name}.pdf", list(csv.reader(file))))
    return found


def _camelot(folder: Path) -> list[tuple[Path, Texts]]:
    known = runpy.run_path(str(folder / "tests/data.py"))
    return [(folder / "tests/files" / f"{CAMELOT[name]}.pdf", known[name]) for name in CAMELOT]


if __name__ == "__main__":
    sys.exit(main())
