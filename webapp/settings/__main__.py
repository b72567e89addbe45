"""Generate the files that depend on the declarations of the settings: `make settings`.

`.env.example` documents each setting. docker-compose.yml passes each on, between two marker lines,
unless it sets the value itself.
"""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, Final

from webapp.settings import Settings
from webapp.settings.database import PROJECT
from webapp.settings.declaration import declaration_of, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = PROJECT / ".env.example"
COMPOSE: Final = PROJECT / "docker-compose.yml"

_HEAD: Final = """\
# Every setting of Coffer; `make settings` writes this file. `make dev` copies it to `.env` on its
# first run; in production set the variables themselves. Commented lines show the default, or an
# example if there is none. An empty variable counts as not set.
"""

_BEGIN: Final = (
    "    # Every other setting, from the shell or from .env; `make settings` writes these.\n"
)
_END: Final = "    # The end of what `make settings` writes.\n"

# Set by docker-compose.yml: where its own containers are, and that it is production.
_DECIDED: Final = {
    "TRUSTED_PROXIES",
    *("COFFER_ENV", "PORT", "PUBLIC_URL", "SECRET_KEY", "FETCH_ALLOW_LOOPBACK", "STORAGE_URL"),
    *("DATABASE_URL", "DATABASE_MIGRATE_URL", "DATABASE_POOLER", "DATABASE_LISTEN_URL"),
}


def example() -> str:
    """The whole of `.env.example`."""
    return "\n".join([_HEAD, *_documented()])


def compose(text: str) -> str:
    """docker-compose.yml with an updated list."""
    listed = [
        f"    {variable_of(each)}: ${{{variable_of(each)}:-{_default(each)}}}\n"
        for each in fields(Settings)
        if variable_of(each) not in _DECIDED
    ]
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return "".join([before, _BEGIN, *listed, _END, after])


def _documented() -> Iterator[str]:
    settings = {each.name: each for each in fields(Settings)}
    for section in reversed(Settings.__mro__):
        names = inspect.get_annotations(section)
        if names:
            yield f"# ---- {(section.__doc__ or '').rstrip('.')} ----\n"
        for name in names:
            yield _documentation(settings[name])


def _documentation(each: Field[Any]) -> str:
    about = " ".join(declaration_of(each).about.split())
    said = textwrap.wrap(about, 98, break_long_words=False, break_on_hyphens=False)
    # `make dev` copies the file, and a checkout runs in development.
    example = declaration_of(each).example
    shown = _as_text(each.default) if example is None else example
    sign = "" if each.name == "environment" else "# "
    lines = [*(f"# {line}" for line in said), f"{sign}{variable_of(each)}={shown}"]
    return "\n".join(lines) + "\n"


def _default(each: Field[Any]) -> str:
    """A default that does not depend on the environment; gunicorn also reads WEB_CONCURRENCY, and
    does not accept an empty one."""
    return "" if declaration_of(each).derived else _as_text(each.default)


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case int() | str():
            return str(value)
        case _:  # None, or no default at all
            return ""


if __name__ == "__main__":
    EXAMPLE.write_text(example())
    COMPOSE.write_text(compose(COMPOSE.read_text()))
