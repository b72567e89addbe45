"""What an app has one of: its settings, its pool, its keys.

Each is declared beside the function that installs it, with its type. This module alone looks into
`app.extensions`, where Flask has such things by a name and of any type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

T = TypeVar("T")


class Installed(Generic[T]):
    """Something that an app has one of, under a name that nothing else has.

    It is declared as `pool: Final[Installed[Pool]] = Installed("pool")`; then `pool()` is that of
    the app which answers the request in hand, and `pool.of(app)` that of any app.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def install(self, app: Flask, installed: T) -> T:
        """Give it to an app."""
        app.extensions[self._name] = installed
        return installed

    def of(self, app: Flask) -> T:
        """That of an app. Raises KeyError where it has none."""
        return cast("T", app.extensions[self._name])

    def __call__(self) -> T:
        """That of the app which answers the request in hand."""
        return self.of(current_app)


settings: Final[Installed[Settings]] = Installed("settings")
