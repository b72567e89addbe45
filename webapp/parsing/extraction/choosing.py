"""Which of a document's tables a configuration takes, and why it takes no others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from webapp.parsing.extraction.columns import all_columns, asked_columns, places_of, sign_around
from webapp.parsing.extraction.extracted import LeftOut
from webapp.parsing.extraction.headings import headings_of
from webapp.parsing.extraction.joining import Joined, joined
from webapp.parsing.extraction.patterns import compiled
from webapp.rules.page_spans import has_page

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from webapp.parsing.extraction.columns import Taken
    from webapp.parsing.extraction.extracted import Reason
    from webapp.parsing.extraction.patterns import Stopwatch
    from webapp.parsing.tables.table import DocumentTables, Table

    Body = Mapping[str, Any]

# More than a person reads; `Choice.left_out_count` has the number of all.
MOST_LEFT_OUT: Final = 20
_MOST_HEADINGS: Final = 30


@dataclass(slots=True)
class Choice:
    """The tables that are taken, by their numbers among all that the configuration considers, with
    what is taken of each; and the first of those that are not."""

    taken: dict[int, tuple[Joined, list[Taken]]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0

    def leave_out(self, table: Joined, reason: Reason, missing: Sequence[str] = ()) -> None:
        self.left_out_count += 1
        if len(self.left_out) < MOST_LEFT_OUT:
            headings = headings_of(table.first)[:_MOST_HEADINGS]
            self.left_out.append(
                LeftOut(
                    *(table.pages, table.first.title, headings, table.row_count),
                    *(table.first.method, table.confidence, reason, list(missing)),
                )
            )


def choose(body: Body, found: DocumentTables, stopwatch: Stopwatch) -> Choice:
    """The tables on the pages and of the methods that are asked for, joined over pages, large and
    sure enough. If columns are asked for, a table without a required one is left out, and so is one
    that has none of them. Raises DocumentError `pattern_too_slow`."""
    choice = Choice()
    wanted: Body = body.get("tables", {})
    asked: Sequence[Body] = body.get("columns", ())
    patterns = _patterns(asked, stopwatch)
    around = sign_around(found.tables)
    for number, table in enumerate(_considered(wanted, found, choice)):
        if table.row_count < wanted.get("min_rows", 0):
            choice.leave_out(table, "too_few_rows")
        elif table.confidence < wanted.get("min_confidence", 0):
            choice.leave_out(table, "too_uncertain")
        elif not asked:
            choice.taken[number] = (table, all_columns(table, around))
        else:
            with stopwatch.running("a column"):
                places = places_of(asked, patterns, headings_of(table.first))
            missing = [
                column["name"]
                for column, place in zip(asked, places, strict=True)
                if place is None and column.get("required", False)
            ]
            if missing:
                choice.leave_out(table, "required_column_missing", missing)
            elif all(place is None for place in places):
                choice.leave_out(table, "no_column_found")
            else:
                choice.taken[number] = (table, asked_columns(table, asked, places, around))
    return choice


def _patterns(asked: Sequence[Body], stopwatch: Stopwatch) -> list[re.Pattern[str] | None]:
    with stopwatch.running("a column"):
        return [compiled(column["pattern"]) if "pattern" in column else None for column in asked]


def _considered(wanted: Body, found: DocumentTables, choice: Choice) -> list[Joined]:
    """The tables on the pages and of the methods that are asked for, whole."""
    methods = wanted.get("methods")
    chosen = []
    for table in found.tables:
        reason: Reason | None = None
        if not has_page(wanted.get("pages"), table.page):
            reason = "other_page"
        elif methods is not None and table.method not in methods:
            reason = "other_method"
        if reason is not None:
            choice.leave_out(Joined([table]), reason)
        chosen.append(reason is None)
    rows = wanted.get("header_rows")
    tables = found.tables if rows is None else [_with_headings(each, rows) for each in found.tables]
    return joined(tables, wanted=chosen, joins=wanted.get("join_pages", True))


def _with_headings(table: Table, rows: int) -> Table:
    """With so many rows of headings. The part of a table on a later page has no more than were
    found there: those that are repeated."""
    most = len(table.texts) if table.continued_from is None else table.header_rows
    return replace(table, header_rows=min(rows, most))
