"""gunicorn's log, in lines of ours."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What the server says of itself goes where all else goes, in the same form."""

    def setup(self, cfg: Any) -> None:
        """Leave the writing to the root logger."""
        self.cfg = cfg
        self._access_log_enabled = False  # each request has a line of ours
        self.loglevel = self.LOG_LEVELS[cfg.loglevel]
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
        self.access_log.setLevel(logging.CRITICAL)
