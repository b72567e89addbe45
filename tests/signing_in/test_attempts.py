"""Counting attempts, independently of routes."""

from __future__ import annotations

from uuid import uuid4

import pytest

from webapp.http import db
from webapp.signing_in import attempts


@pytest.fixture
def in_transaction(app):
    """A request that is in the middle of a transaction."""
    with app.test_request_context():
        app.preprocess_request()
        with db.transaction():
            yield


@pytest.mark.usefixtures("in_transaction")
@pytest.mark.parametrize("count", [attempts.confirmation, attempts.registration])
def test_no_attempt_is_counted_where_a_wrong_one_would_roll_the_count_back(count):
    with pytest.raises(RuntimeError, match="before a transaction"), count(uuid4()):
        pass


@pytest.mark.usefixtures("in_transaction")
def test_no_attempt_to_log_in_is_counted_there_either():
    with pytest.raises(RuntimeError, match="before a transaction"):
        attempts.log_in("ana@example.com", is_known_address=False)
