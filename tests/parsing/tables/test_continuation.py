"""Tables over several pages."""

from __future__ import annotations

from tests.parsing.documents.made_pdf import pdf
from tests.parsing.tables.drawn import rows
from tests.parsing.tables.found import tables

HEAD = ["Fruit", "Sold", "Price"]
BODY = [[f"Fruit {at}", str(at * 7), f"{at}.5"] for at in range(10, 30)]
COLUMNS = [0.0, 80, 140]


def continued(*pages: str) -> list[int | None]:
    return [found.continued_from for found in tables(pdf(*pages, size=(250, 200)))]


def test_a_table_goes_on_where_its_headings_are_repeated() -> None:
    first = rows(20, 180, COLUMNS, HEAD, *BODY[:10])
    second = rows(20, 180, COLUMNS, HEAD, *BODY[10:])
    assert continued(first, second) == [None, 0]


def test_a_table_goes_on_without_headings_in_the_same_columns() -> None:
    first = rows(20, 180, COLUMNS, HEAD, *BODY[:10])
    assert continued(first, rows(20, 180, COLUMNS, *BODY[10:])) == [None, 0]
    assert continued(first, rows(50, 180, COLUMNS, *BODY[10:])) == [None, None]


def test_another_table_is_no_continuation() -> None:
    first = rows(20, 180, COLUMNS, HEAD, *BODY[:10])
    other = rows(20, 180, COLUMNS, ["Tree", "Height", "Age"], *BODY[10:])
    assert continued(first, other) == [None, None]
    # Nor is one after a page that ends early.
    short = rows(20, 180, COLUMNS, HEAD, *BODY[:3])
    assert continued(short, rows(20, 180, COLUMNS, *BODY[10:])) == [None, None]
