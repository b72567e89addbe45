"""Work on every kind of work there is, in one process."""

from __future__ import annotations

from workers.command import command_for
from workers.enrich_items import enrich_items
from workers.expire_idempotency_keys import expire_idempotency_keys

KINDS = (enrich_items, expire_idempotency_keys)

command = command_for(KINDS, __doc__)

if __name__ == "__main__":
    command()
