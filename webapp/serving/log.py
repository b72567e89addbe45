"""gunicorn's log, in our format."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Sends the server's log lines where all others go, in the same format."""

    def setup(self, cfg: Any) -> None:
        """Leave writing to the root logger."""
        self.cfg = cfg
        self._access_log_enabled = False  # we log each request ourselves
        self.loglevel = self.LOG_LEVELS[cfg.loglevel]
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
        self.access_log.setLevel(logging.CRITICAL)
