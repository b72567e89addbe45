"""Received messages over HTTP; how they are received and filed is in tests/workers."""

from __future__ import annotations

from tests.blueprints.drives.test_inboxes import inbox_in
from tests.blueprints.examples import Examples, Place


def mail_in(place: Place) -> object:
    """A message that could not be filed."""
    row = place.make.conn.execute(
        "INSERT INTO received_mails (workspace_id, user_id, inbox_id, sender, bytes)"
        " VALUES (%s, %s, %s, 'ana@example.com', 1) RETURNING id",
        (place.workspace_id, place.owner.id, inbox_in(place)),
    ).fetchone()
    place.make.conn.execute("UPDATE received_mails SET status = 'failed' WHERE id = %s", row)
    return row[0]


EXAMPLES = Examples(
    things={"mail_id": mail_in},
    personal={"mail_id"},
    unlike_their_method={"received_mails.list_of_inbox", "received_mails.list_of_watch"},
)
