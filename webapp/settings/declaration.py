"""How settings are declared: each once, with its default, its check and its documentation.

A section is a frozen dataclass whose fields are made by `setting`. One whose defaults or checks
need settings of another section inherits that section.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # The variable, and what is wrong with it.
    Mistake = tuple[str, str]

T = TypeVar("T")
S = TypeVar("S", bound="Section")


class Section:
    """Settings that belong together."""

    def mistakes(self) -> Iterator[Mistake]:
        """Mistakes that only several settings together show."""
        yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A setting's declaration besides its name, its type and its default."""

    about: str
    derived: Callable[[Any], Any] | None
    check: Callable[[Any], object] | None
    read: Callable[[str, Any], Any] | None
    example: str | None
    variable: str | None


def setting(
    default: T | Any = MISSING,
    *,
    about: str,
    derived: Callable[[Any], T] | None = None,
    check: Callable[[Any], object] | None = None,
    read: Callable[[str, Any], T] | None = None,
    example: str | None = None,
    variable: str | None = None,
    secret: bool = False,
) -> T:
    """Declare a setting, which is read as the type that its field is annotated with.

    `about` documents it. `default` applies if the variable is not set, or is empty; `derived`
    replaces it when the environment is read, and gets the settings before this one. `check` raises
    ValueError, whose message says what the value must be; so may `read`, which converts the text,
    also given the settings before this one, if the type does not say how. `.env.example` shows
    `example`, or else the default. `variable` is its name if that is not the field's in capitals. A
    secret is not in the repr.
    """
    declared = Declaration(
        about=about, derived=derived, check=check, read=read, example=example, variable=variable
    )
    return cast("T", field(default=default, repr=not secret, metadata={Declaration: declared}))


def declaration_of(each: Field[Any]) -> Declaration:
    """A field's declaration."""
    return cast("Declaration", each.metadata[Declaration])


def variable_of(each: Field[Any]) -> str:
    """The variable that a field is read from."""
    return declaration_of(each).variable or each.name.upper()


def read(sections: type[S], env: Env) -> tuple[S, list[Mistake]]:
    """The settings, and all mistakes in them; the value of a wrong one is undefined."""
    found = SimpleNamespace()
    mistakes = []
    for each in fields(cast("Any", sections)):
        declared, variable = declaration_of(each), variable_of(each)
        value = each.default if declared.derived is None else declared.derived(found)
        try:
            if env.str(variable, "").strip():
                value = _read(each, env, found)
                if declared.check:
                    declared.check(value)
        except EnvValidationError as error:
            mistakes.append((variable, " ".join(map(str, error.error_messages))))
        except ValueError as error:
            mistakes.append((variable, str(error)))
        setattr(found, each.name, value)
    settings = sections(**vars(found))
    wrong = {variable for variable, _ in mistakes}
    mistakes += [mistake for mistake in _seen_in(settings) if mistake[0] not in wrong]
    return settings, mistakes


def _read(each: Field[Any], env: Env, found: SimpleNamespace) -> Any:
    variable = variable_of(each)
    if read := declaration_of(each).read:
        return read(env.str(variable), found)
    return _READERS[str(each.type)](env, variable)


def _seen_in(settings: Section) -> Iterator[Mistake]:
    """The mistakes of each section, in the order in which they are read."""
    sections = [each for each in reversed(type(settings).__mro__) if issubclass(each, Section)]
    for mistakes in dict.fromkeys(section.mistakes for section in sections):
        yield from mistakes(settings)


# By annotation, which fields hold as text.
_READERS: Final[dict[str, Callable[[Env, str], Any]]] = {
    "str": lambda env, variable: env.str(variable),
    "str | None": lambda env, variable: env.str(variable),
    "int": lambda env, variable: env.int(variable),
    "float": lambda env, variable: env.float(variable),
    "bool": lambda env, variable: env.bool(variable),
    "tuple[str, ...]": lambda env, variable: tuple(
        text for text in map(str.strip, env.list(variable, subcast=str)) if text
    ),
}


def between(least: float, most: float) -> Callable[[float], None]:
    """Check that a number is in a range, including both ends."""

    def check(number: float) -> None:
        if not least <= number <= most:
            raise ValueError(f"must be {least} to {most}")

    return check


def at_least(least: float) -> Callable[[float], None]:
    """Check that a number is large enough."""

    def check(number: float) -> None:
        if number < least:
            raise ValueError(f"must be {least} or more")

    return check


def days_kept(fewest: int) -> Callable[[int], None]:
    """Check a number of days of history; the database itself keeps the last `fewest`."""

    def check(days: int) -> None:
        if days != 0 and days < fewest:
            raise ValueError(f"must be {fewest} or more, or 0 to keep them all")

    return check


def one_of(*names: str) -> Callable[[str], None]:
    """Check that a text is one of a few."""

    def check(text: str) -> None:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}")

    return check


def scheme_of(url: str) -> str:
    """A URL's scheme, in lower case; empty if it has none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def web_address(text: str) -> None:
    """Check that a text is the address of something on the web."""
    if scheme_of(text) not in ("http", "https"):
        raise ValueError("must begin with https:// or http://")
