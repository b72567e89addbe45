"""Send mails: confirmations, password resets, invitations and notices.

A mail whose reason is gone when its turn comes is dropped: nobody gets mail about an account that
does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.mail.contract import Mail, MailError
from webapp.clients.mail.senders import sender_from
from webapp.rules.due import zone_of
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.mail.contract import Sender
    from webapp.identity.keyring import Keyring
    from webapp.mails import texts
    from webapp.mails.tokens import Purpose
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The mail server, None if there is none, and what a mail's text needs."""

    sender: Sender | None
    keyring: Keyring
    settings: Settings

    def close(self) -> None:
        if self.sender is not None:
            self.sender.close()


def open_clients(settings: Settings) -> Outside:
    from webapp.identity.keyring import Keyring

    sender = None
    if settings.sends_mail:
        sender = sender_from(settings.smtp_url, settings.mail_from)
    return Outside(sender, Keyring(settings.secret_key, settings.secret_keys_former), settings)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    mails = queries.mails.load(conn, ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in mails}


def send(row: Row, clients: Outside) -> str:
    """The work itself: returns the mail's new status. Raises MailError."""
    if clients.sender is None or not row["is_wanted"]:
        return "dropped"
    subject, text = write(row, clients.keyring, clients.settings)
    clients.sender.send(Mail(to=row["recipient"], subject=subject, text=text, id=str(row["id"])))
    return "sent"


def write(row: Row, keyring: Keyring, settings: Settings) -> texts.Text:
    """The subject and the text of a mail, from its template. Raises MailError."""
    from webapp.mails import texts

    place: dict[str, Any] = {"address": settings.public_url, "app_url": settings.app_url}
    when, told = row["created_at"], row["details"]
    match row["template"]:
        case "registration" if row["has_account"]:
            return texts.already_registered(**place)
        case "registration":
            return texts.confirm_registration(_token(row, keyring), _minutes(row) // 60, **place)
        case "password_reset":
            return texts.reset_password(_token(row, keyring), _minutes(row), **place)
        case "invitation":
            return texts.invitation(
                row["inviter_name"] or "",
                row["workspace_name"] or "",
                row["role"],
                _token(row, keyring),
                _minutes(row) // (24 * 60),
                **place,
            )
        case "password_changed":
            return texts.password_changed(
                when,
                told["from_address"],
                told["revoked_api_keys"],
                told["api_keys_left"],
                **place,
            )
        case "totp_changed":
            return texts.totp_changed(told["what"], when, told["from_address"], **place)
        case "recovery_codes_replaced":
            return texts.recovery_codes_replaced(when, told["from_address"], **place)
        case "api_key_made":
            return texts.api_key_made(
                told["name"],
                told["prefix"],
                told["expires_on"],
                when,
                told["from_address"],
                **place,
            )
        case "service_key_made":
            return texts.service_key_made(
                told["name"],
                told["prefix"],
                told["expires_on"],
                when,
                told["from_address"],
                **place,
            )
        case "provider_linked":
            return texts.provider_linked(told["provider"], when, **place)
        case "member_joined":
            return texts.member_joined(told["who"], told["workspace"], told["role"], **place)
        case "role_given":
            return texts.role_given(
                told["role"],
                told["to"],
                told["workspace"],
                when,
                told["from_address"],
                **place,
            )
        case "email_change" if row["has_account"]:
            return texts.address_taken(**place)
        case "email_change":
            return texts.confirm_address(_token(row, keyring), _minutes(row) // 60, **place)
        case "email_change_requested" | "email_changed" as template:
            return texts.address_changed(
                _token(row, keyring, "email_change_undo"),
                template == "email_changed",
                when,
                told["from_address"],
                **place,
            )
        case "account_deletion":
            return texts.account_deletion(
                _token(row, keyring),
                datetime.fromisoformat(told["due_at"]),
                when,
                told["from_address"],
                **place,
            )
        case "workspace_deletion":
            return texts.workspace_deletion(
                told["who"],
                told["workspace"],
                datetime.fromisoformat(told["due_at"]),
                when,
                **place,
            )
        case "webhook_paused":
            since = told["failing_since"]
            return texts.webhook_paused(
                told["host"],
                told["reason"],
                told["workspace"],
                None if since is None else datetime.fromisoformat(since),
                **place,
            )
        case "task_reminder":
            return texts.task_reminder(told["title"], _due(told), **place)
        case "many_wrong_passwords":
            return texts.many_wrong_passwords(when, told["from_address"], **place)
        case "many_wrong_codes":
            return texts.many_wrong_codes(when, **place)
        case "many_wrong_confirmations":
            return texts.many_wrong_confirmations(when, told["from_address"], **place)
        case unknown:
            raise MailError(f"there is no template {unknown!r}", permanent=True)


def _due(task: Row) -> str | None:
    """When a task is due, for people."""
    if task["due_at"] is None:
        day: str | None = task["due_on"]
        return day
    at = datetime.fromisoformat(task["due_at"]).astimezone(zone_of(task))
    return f"{at:%Y-%m-%d at %H:%M} ({task['time_zone'] or 'UTC'})"


def _token(row: Row, keyring: Keyring, purpose: Purpose | None = None) -> str:
    """The token of the mail's subject, recomputed from its id, for its template if for no other
    purpose. Raises MailError."""
    from webapp.identity.keyring import digest
    from webapp.mails.tokens import mail_tokens

    for token in mail_tokens(keyring, purpose or row["template"], row["about"]):
        if digest(token) == bytes(row["token_hash"]):
            return token
    raise MailError(
        "its token was made with a key that this worker does not have; see SECRET_KEYS_FORMER",
        permanent=True,
    )


def _minutes(row: Row) -> int:
    return int(row["lifetime"].total_seconds()) // 60


def save(conn: Connection, job: Job, status: str) -> bool:
    return bool(queries.mails.finish(conn, id=job.subject_id, status=status))


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.mails.fail(conn, id=job.subject_id, error=error)


def revive(conn: Connection, mail_id: UUID) -> bool:
    return bool(queries.mails.retry(conn, id=mail_id))


send_mails = Kind(
    name="send_mails",
    entity="mail",
    open_clients=open_clients,
    load=load,
    work=send,
    save=save,
    give_up=give_up,
    # Somebody is waiting for it; but a mail server that is down is often back within the hour.
    delays=(0, 10, 60, 300, 1800),
    lease=120,
    revive=revive,
)

command = command_for([send_mails], __doc__)

if __name__ == "__main__":
    command()
