"""What is checked of a row before the database gets it: what the database would take, but not what
reads it later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

if TYPE_CHECKING:
    from marshmallow import Schema, fields

    Row = dict[str, Any]

# Days and times, of years that programs know; PostgreSQL also takes `infinity` and `now`.
_MOMENT: Final = re.compile(
    r"(?!0000|0001|9999)\d{4}-\d{2}-\d{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?"
)
_COLUMNS: Final = ("_at", "_on", "_from")


def check_times(row: Row) -> None:
    """Raises ValueError for a time, in a row or in the lists in it, that is none."""
    for name, value in row.items():
        if isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    check_times(each)
        elif isinstance(value, str) and (name == "at" or name.endswith(_COLUMNS)):
            if not _MOMENT.fullmatch(value):
                raise ValueError(f"Its {name} is not a time.")
        elif isinstance(value, dict) and name == "text":
            check_times(value)


def checked(name: str, value: object, by: fields.Field[Any] | Schema) -> None:
    """Raises ValueError if a schema or one of its fields does not take a value."""
    try:
        if hasattr(by, "deserialize"):
            by.deserialize(value)
        else:
            by.load(value)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ValueError(f"Its {name} is not as it should be: {error}."[:300]) from None


def check_columns(row: Row, by: Schema) -> None:
    """Raises ValueError if a schema does not take what a row has of its fields."""
    try:
        by.load({name: row[name] for name in by.fields if row.get(name) is not None})
    except ValidationError as error:
        raise ValueError(f"It is not as it should be: {error}."[:300]) from None


def check_list(name: str, value: object, keys: tuple[str, ...] = ()) -> None:
    """Raises ValueError if a value is not a list of objects that have texts under these keys."""
    if not isinstance(value, list) or not all(
        isinstance(each, dict) and all(isinstance(each.get(key), str) for key in keys)
        for each in value
    ):
        raise ValueError(f"Its {name} is not as it should be.")
