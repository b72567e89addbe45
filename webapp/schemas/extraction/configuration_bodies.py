"""What a configuration says: which tables, columns and fields are extracted."""

from __future__ import annotations

import json
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.rules.names import fold
from webapp.rules.page_spans import spans_of
from webapp.schemas.common import Flag, ShortList, text

TYPES: Final = ("text", "integer", "decimal", "date", "boolean")
METHODS: Final = ("ruled", "white_space", "ocr", "sheet", "html", "word", "csv")
DATE_ORDERS: Final = ("dmy", "mdy", "ymd")

_MOST_COLUMNS: Final = 200
_MOST_FIELDS: Final = 100
_MOST_ROWS: Final = 1_000_000
_MOST_HEADER_ROWS: Final = 20
_LONGEST_PATTERN: Final = 500
# As JSON with everything but ASCII escaped: a child takes it in one message.
_MOST_BYTES: Final = 32_768


def _are_pages(pages: str) -> None:
    try:
        spans_of(pages)
    except ValueError:
        raise ValidationError("Must be pages such as 1-3, 7, 10-.") from None


def _pattern(**more: Any) -> fields.String:
    return fields.String(
        validate=validate.Length(1, _LONGEST_PATTERN),
        metadata={
            "description": "A regular expression, as Python's `re` has them. `^` and `$` are the "
            "ends of a line, `(?i)` at its beginning makes upper and lower case alike.",
            **more.pop("metadata", {}),
        },
        **more,
    )


class TablesWanted(Schema):
    """Which tables are taken, and how; all of them if nothing is said."""

    pages = fields.String(
        validate=[validate.Length(1, 200), _are_pages],
        metadata={"description": "Only tables on these pages.", "example": "1-3, 7, 10-"},
    )
    methods = ShortList(
        fields.String(validate=validate.OneOf(METHODS)),
        most=len(METHODS),
        metadata={
            "description": "Only tables found by lines that are drawn (`ruled`), by columns of "
            "white space, by OCR, or because the file says what a table is.",
            "minItems": 1,
        },
    )
    min_rows = fields.Integer(
        strict=True,
        validate=validate.Range(0, _MOST_ROWS),
        metadata={"description": "Only tables with so many rows, not counting headings."},
    )
    min_confidence = fields.Float(
        validate=validate.Range(0, 1),
        metadata={"description": "Only tables that are so sure, from 0 to 1."},
    )
    header_rows = fields.Integer(
        strict=True,
        validate=validate.Range(0, _MOST_HEADER_ROWS),
        metadata={"description": "How many rows are headings; by default as found."},
    )
    join_pages = Flag(
        metadata={
            "description": "Whether a table over several pages is one; by default it is.",
        },
    )

    @validates_schema
    def _takes_something(self, wanted: dict[str, Any], **_: Any) -> None:
        if wanted.get("methods") == []:
            raise ValidationError("Name at least one method, or leave it out for all.", "methods")


class _Typed(Schema):
    """A value of a type."""

    name = text(1, 100, required=True, metadata={"example": "amount"})
    type = fields.String(
        validate=validate.OneOf(TYPES),
        metadata={"description": "The type of its values, by default text."},
    )
    decimal = fields.String(
        validate=validate.OneOf((".", ",")),
        metadata={
            "description": "The decimal sign of its numbers; by default as they show themselves."
        },
    )
    date_order = fields.String(
        validate=validate.OneOf(DATE_ORDERS),
        metadata={
            "description": "The order of day, month and year in its days; by default as they show "
            "themselves."
        },
    )

    @validates_schema
    def _says_what_its_type_needs(self, said: dict[str, Any], **_: Any) -> None:
        type_ = said.get("type", "text")
        if "decimal" in said and type_ not in ("integer", "decimal"):
            raise ValidationError("Only numbers have one.", "decimal")
        if "date_order" in said and type_ != "date":
            raise ValidationError("Only dates have one.", "date_order")


class ColumnWanted(_Typed):
    """A column, found by its heading."""

    match = text(
        1,
        200,
        metadata={
            "description": "The heading, in any case; by default the name. Instead of it, a "
            "`pattern` may be given.",
            "example": "Amount (EUR)",
        },
    )
    pattern = _pattern(metadata={"example": "(?i)^amount"})
    required = Flag(
        metadata={
            "description": "A table without the column is not taken, and a row without a value is "
            "a mistake."
        }
    )

    @validates_schema
    def _is_found_one_way(self, column: dict[str, Any], **_: Any) -> None:
        if "match" in column and "pattern" in column:
            raise ValidationError("Give either match or pattern.", "pattern")


class FieldWanted(_Typed):
    """A field, found in the document's text: what the pattern's first group matches, or else the
    whole pattern."""

    pattern = _pattern(required=True, metadata={"example": r"Invoice No\. (\S+)"})


class ConfigurationBody(Schema):
    """What is extracted. An empty one takes every table as it is."""

    tables = fields.Nested(TablesWanted)
    columns = ShortList(
        fields.Nested(ColumnWanted),
        most=_MOST_COLUMNS,
        metadata={
            "description": "The columns of each table, in this order; by default all that it has. "
            "A table that has none of them is not taken."
        },
    )
    fields_ = ShortList(
        fields.Nested(FieldWanted),
        most=_MOST_FIELDS,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Values outside of tables."},
    )

    @validates_schema
    def _has_names_of_its_own(self, body: dict[str, Any], **_: Any) -> None:
        mistakes: dict[str, dict[int, dict[str, list[str]]]] = {}
        for several in ("columns", "fields"):
            names: set[str] = set()
            for place, each in enumerate(body.get(several, ())):
                name = fold(each["name"])
                if name in names:
                    said = {"name": ["An earlier one has this name."]}
                    mistakes.setdefault(several, {})[place] = said
                names.add(name)
        if mistakes:
            raise ValidationError(mistakes)

    @validates_schema
    def _is_short(self, body: dict[str, Any], **_: Any) -> None:
        if len(json.dumps(body)) > _MOST_BYTES:
            raise ValidationError(f"Is longer than {_MOST_BYTES:,} bytes.")


def patterns_in(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The patterns of a body, each after its path."""
    return [
        (f"body.{several}.{place}.pattern", each["pattern"])
        for several in ("columns", "fields")
        for place, each in enumerate(body.get(several, ()))
        if "pattern" in each
    ]
