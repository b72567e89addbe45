from __future__ import annotations

from tests.parsing.documents.conftest import manifest, samples  # noqa: F401 -- fixtures
