"""Expired idempotency keys are removed, the others stay."""

from __future__ import annotations

import pytest

from workers import expire_idempotency_keys as module
from workers.clock import fire_due


@pytest.mark.long
def test_only_what_has_expired_is_removed(ana, worker, owner, app_conn):
    for key in ("old", "new"):
        note = {"source_type": "note", "raw_text": "x"}
        ana.post("/api/items", json=note, headers={"Idempotency-Key": key})
    owner.execute("UPDATE idempotency_keys SET expires_at = now() WHERE key = 'old'")
    owner.execute("UPDATE schedules SET next_run_at = now()")
    fire_due(app_conn)
    assert worker(module.expire_idempotency_keys).round() == 1
    assert owner.execute("SELECT key FROM idempotency_keys").fetchall() == [("new",)]
