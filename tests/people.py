"""People and workspaces for tests, signed in as the API signs them in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sql import queries
from webapp.access.credentials import access_tokens, passwords
from webapp.identity.api_keys import new_api_key
from webapp.identity.keyring import digest

if TYPE_CHECKING:
    import psycopg
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.factories import Factory

PASSWORD = "a garden fence of oak"


@dataclass
class Person:
    """A user, and a client that is signed in as that user."""

    id: UUID
    workspace_id: UUID
    email: str
    session_id: UUID | None
    client: FlaskClient


@dataclass
class People:
    """Makes people, workspaces and keys."""

    app: Flask
    make: Factory
    owner: psycopg.Connection[Any]
    hashed: str = field(init=False)

    def __post_init__(self) -> None:
        self.hashed = passwords.of(self.app).hash(PASSWORD)

    def person(
        self, name: str, *, admin: bool = False, verified: bool = True, password: bool = True
    ) -> Person:
        """Somebody with an account and a session; their address is name@example.com."""
        email = f"{name}@example.com"
        user = queries.users.create(
            self.make.conn,
            handle=name,
            email=email,
            is_verified=verified,
            name=name.title(),
            password_hash=self.hashed if password else None,
            is_admin=admin,
        )
        session_id = self.session(user)
        client = self.client(Authorization=f"Bearer {self.token(user['id'], session_id)}")
        return Person(user["id"], user["workspace_id"], email, session_id, client)

    def session(self, user: dict[str, Any]) -> UUID:
        """Make a session as a log-in does."""
        session_id = uuid4()
        self.make.conn.execute(
            "INSERT INTO sessions (id, user_id, workspace_id, status, token_hash, method,"
            " has_cookie, expires_at)"
            " VALUES (%s, %s, %s, 'active', '', 'password', false, now() + interval '1 day')",
            (session_id, user["id"], user["workspace_id"]),
        )
        return session_id

    def token(self, user_id: UUID, session_id: UUID) -> str:
        issued: str = access_tokens.of(self.app).issue(user_id, session_id)
        return issued

    def client(self, **headers: str) -> FlaskClient:
        """A client that sends these headers."""
        made = self.app.test_client()
        for name, value in headers.items():
            made.environ_base[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return made

    def workspace(self, owner: Person, **members: Person) -> UUID:
        """Make a shared workspace of an owner and others, by role; returns its id."""
        row = queries.workspaces.create(self.make.conn, name="Team", user_id=owner.id)
        for role, person in members.items():
            self.join(row["id"], person, role)
        workspace_id: UUID = row["id"]
        return workspace_id

    def member(self, workspace_id: UUID) -> UUID:
        """The id of a new member of a workspace, who cannot sign in."""
        user = self.make.user()
        queries.members.join(
            self.make.conn, workspace_id=workspace_id, user_id=user["id"], role="member"
        )
        member_id: UUID = user["id"]
        return member_id

    def join(self, workspace_id: UUID, person: Person, role: str) -> None:
        queries.members.join(
            self.make.conn, workspace_id=workspace_id, user_id=person.id, role=role
        )

    def key(
        self,
        person: Person,
        scopes: list[str],
        *,
        workspace_id: UUID | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[dict[str, Any], str]:
        """Make an API key of a person: its row and its secret."""
        made = new_api_key()
        row = queries.api_keys.create(
            self.make.conn,
            user_id=person.id,
            workspace_id=workspace_id or person.workspace_id,
            name="a key",
            prefix=made.prefix,
            secret_hash=made.secret_hash,
            scopes=scopes,
            expires_at=expires_at or datetime.now(UTC) + timedelta(days=1),
        )
        return row, made.secret

    def invitation(self, workspace_id: UUID, inviter: Person, email: str) -> UUID:
        """Make an invitation; returns its id."""
        invitation_id = uuid4()
        self.make.conn.execute(
            "INSERT INTO invitations"
            " (id, workspace_id, email, role, token_hash, invited_by, expires_at)"
            " VALUES (%s, %s, %s, 'member', %s, %s, now() + interval '1 day')",
            (invitation_id, workspace_id, email, digest(str(invitation_id)), inviter.id),
        )
        return invitation_id


def mails(owner: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """The mails that were written, in order: template and recipient."""
    return owner.execute("SELECT template, recipient FROM mails ORDER BY id").fetchall()


def age_sessions(owner: psycopg.Connection[Any]) -> None:
    """Make ten minutes pass since everybody logged in."""
    owner.execute("UPDATE sessions SET created_at = created_at - interval '601 seconds'")


def use_up(owner: psycopg.Connection[Any], key: str, *, hours: int = 720) -> None:
    """Use up a whole allowance, by default for longer than any test takes."""
    owner.execute(
        "INSERT INTO rate_limits VALUES (%s, now() + make_interval(hours => %s))"
        " ON CONFLICT (key) DO UPDATE SET used_until = EXCLUDED.used_until",
        (key, hours),
    )
