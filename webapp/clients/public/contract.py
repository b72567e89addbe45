"""Addresses that are not called."""

from __future__ import annotations

from webapp.failure import Failure


class AddressError(Failure):
    """An address that Coffer does not call; a retry cannot change that.

    The message tells a user why. `rule` names the check that refused it, for tests and logs: `url`,
    `url_too_long`, `scheme`, `credentials`, `host`, `port`, `name_not_found`, `address_not_public`,
    `redirect`, `too_many_redirects`.
    """

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message, permanent=True)
        self.rule = rule
