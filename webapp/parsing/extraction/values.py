"""The value of a text, by the type of its column or field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.parsing.extraction.dates import date_of, date_order
from webapp.parsing.extraction.numbers import decimal_of, decimal_sign, integer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from webapp.parsing.extraction.dates import Order
    from webapp.parsing.extraction.extracted import Type, Value
    from webapp.parsing.extraction.numbers import Sign

# What stands where there is no value; accountants write a line for nothing.
NOTHING: Final = frozenset("- – — − -- –– .. ... … : / n/a n.a. na n.d. nd".split())

# In the languages whose months are known.
_YES: Final = frozenset(
    "yes y true ja j wahr oui vrai sí si sì vero verdadero sim verdadeiro waar ✓ ✔ ☑ 1".split()
)
_NO: Final = frozenset("no n false nein falsch non faux falso não nao nee onwaar ✗ ✘ ☐ 0".split())


class Hints(NamedTuple):
    """What is known of how values are written; None if nothing is."""

    sign: Sign | None = None
    order: Order | None = None


def hints_of(texts: Iterable[str], given: Mapping[str, Any], around: Hints) -> Hints:
    """How the values of a column are written: as is `given`, else as they show themselves, else as
    those `around` are."""
    kept = list(texts)
    return Hints(
        given.get("decimal") or decimal_sign(kept) or around.sign,
        given.get("date_order") or date_order(kept) or around.order,
    )


def value_of(text: str, type_: Type, hints: Hints) -> tuple[Value, bool]:
    """The value, and whether the text is wrong: not of its type. A text that is empty or stands for
    nothing has no value, and is not wrong."""
    bare = text.strip()
    if type_ == "text":
        return text or None, False
    if not bare or bare.lower() in NOTHING:
        return None, False
    value: Value
    if type_ == "integer":
        value = integer_of(bare, hints.sign)
    elif type_ == "decimal":
        value = decimal_of(bare, hints.sign)
    elif type_ == "date":
        value = date_of(bare, hints.order)
    else:
        value = boolean_of(bare)
    return value, value is None


def boolean_of(text: str) -> bool | None:
    """Yes or no, in words, marks and digits."""
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def reader(type_: Type, hints: Hints) -> Callable[[str], tuple[Value, bool]]:
    """`value_of` for a column, whose texts repeat."""
    known: dict[str, tuple[Value, bool]] = {}

    def read(text: str) -> tuple[Value, bool]:
        found = known.get(text)
        if found is None:
            found = value_of(text, type_, hints)
            if len(known) < _REMEMBERED:
                known[text] = found
        return found

    return read


_REMEMBERED: Final = 10_000
