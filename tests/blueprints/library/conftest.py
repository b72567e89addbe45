"""Documents to put beside items."""

from __future__ import annotations

from tests.blueprints.documents.conftest import upload  # noqa: F401 -- a fixture
