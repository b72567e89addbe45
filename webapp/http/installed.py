"""Things that an app has one of: its settings, its pool, its keys.

Each is declared with its type next to the function that installs it. Only this module accesses
`app.extensions`, where Flask keeps such things by name and untyped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

T = TypeVar("T")


class Installed(Generic[T]):
    """Something that an app has one of, under a unique name.

    Declare it as `pool: Final[Installed[Pool]] = Installed("pool")`; then `pool()` is the one of
    the app that handles the current request, and `pool.of(app)` that of any app.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def install(self, app: Flask, installed: T) -> T:
        """Install it in an app."""
        app.extensions[self._name] = installed
        return installed

    def of(self, app: Flask) -> T:
        """The one of an app. Raises KeyError if it has none."""
        return cast("T", app.extensions[self._name])

    def __call__(self) -> T:
        """The one of the app that handles the current request."""
        return self.of(current_app)


settings: Final[Installed[Settings]] = Installed("settings")
