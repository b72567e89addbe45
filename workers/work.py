"""Work on every kind of work there is, or on some, in one process."""

from __future__ import annotations

from workers.add_imports import add_imports
from workers.command import command_for
from workers.enrich_items import enrich_items
from workers.expire_idempotency_keys import expire_idempotency_keys
from workers.expire_imports import expire_imports
from workers.expire_tokens import expire_tokens
from workers.prune_audit_log import prune_audit_log
from workers.prune_events import prune_events
from workers.prune_workers import prune_workers
from workers.purge_items import purge_items
from workers.read_imports import read_imports
from workers.send_mails import send_mails

KINDS = (
    enrich_items,
    send_mails,
    read_imports,
    add_imports,
    expire_idempotency_keys,
    expire_imports,
    expire_tokens,
    prune_audit_log,
    prune_events,
    prune_workers,
    purge_items,
)

command = command_for(KINDS, __doc__)

if __name__ == "__main__":
    command()
