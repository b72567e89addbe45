"""Invitations: sent to a mailbox, used once, and only until they expire or are withdrawn."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from tests.people import age_sessions, mails, use_up
from webapp.access.credentials import access_tokens, keyring
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens
from webapp.routes.idempotency import HEADER, REPLAYED
from webapp.signing_in.attempts import name_of
from webapp.signing_in.mail_allowances import (
    INVITATIONS,
    INVITATIONS_INTO_WORKSPACE,
    TO_MAILBOX,
)

EXAMPLES = Examples(
    things={
        "invitation_id": lambda place: place.people.invitation(
            place.workspace_id, place.owner, f"{secrets.token_hex(8)}@example.com"
        )
    },
    unlike_their_method={"invitations.list_of_workspace"},  # for those who may invite
)

ACCEPT = "/api/invitations/accept"
INES = "ines@example.com"
REINVITED = (
    "the new invitation is inserted before the older one is deleted, and the index refuses it: 500"
)


@pytest.fixture
def ines(people):
    return people.person("ines")


@pytest.fixture
def path(people, olga):
    """The address for invitations into one of Olga's workspaces."""
    return f"/api/workspaces/{people.workspace(olga)}/invitations"


@pytest.fixture
def token_of(app):
    """The token in the mail of an invitation."""

    def token(invitation):
        (made,) = mail_tokens(keyring.of(app), "invitation", invitation)
        return made

    return token


@pytest.fixture
def invite(olga, path, owner, token_of):
    """Invites somebody; gives the token."""

    def ask(email=INES, role="member"):
        answer = olga.client.post(path, json={"email": email, "role": role})
        assert answer.status_code == 201
        return token_of(latest(owner))

    return ask


def latest(owner):
    (found,) = owner.execute(
        "SELECT id FROM invitations ORDER BY created_at DESC LIMIT 1"
    ).fetchone()
    return found


def accept(person, token, **headers):
    return person.client.post(ACCEPT, json={"token": token}, headers=headers)


def members(owner, path):
    rows = owner.execute(
        "SELECT handle, role FROM members JOIN users ON users.id = user_id WHERE workspace_id = %s",
        (path.split("/")[3],),
    )
    return dict(rows.fetchall())


def count(owner, table):
    return owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


# Inviting


def test_an_invitation_is_a_mail_of_the_workspace_and_no_token_of_it_is_kept(
    olga, path, owner, token_of
):
    answer = olga.client.post(path, json={"email": INES, "role": "viewer"})
    assert answer.status_code == 201
    made = answer.json
    assert (made["email"], made["role"], made["invited_by"]) == (INES, "viewer", str(olga.id))
    (row,) = owner.execute(
        "SELECT template, recipient, about::text, workspace_id::text, status, mails::text"
        " FROM mails"
    ).fetchall()
    assert row[:5] == ("invitation", INES, made["id"], path.split("/")[3], "queued")
    token = token_of(latest(owner))
    assert token.startswith("cfm_")
    assert token not in row[5]
    assert token not in answer.text
    kept = owner.execute("SELECT token_hash, invitations::text FROM invitations").fetchone()
    assert kept[0] == digest(token)
    assert token not in kept[1]
    assert token not in owner.execute("SELECT audit_log::text FROM audit_log").fetchone()[0]
    work = owner.execute("SELECT kind, workspace_id::text FROM outbox").fetchone()
    assert work == ("send_mails", path.split("/")[3])
    week = owner.execute("SELECT expires_at - created_at = interval '7 days' FROM invitations")
    assert week.fetchone() == (True,)


@pytest.mark.long
def test_a_kept_answer_has_no_token_either(olga, path, owner, token_of):
    for _ in range(2):
        answer = olga.client.post(path, json={"email": INES}, headers={HEADER: "k"})
    assert answer.headers[REPLAYED] == "true"
    assert (count(owner, "mails"), count(owner, "invitations")) == (1, 1)
    (kept,) = owner.execute("SELECT body FROM idempotency_keys").fetchone()
    assert token_of(latest(owner)).encode() not in bytes(kept)


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"email": "ines"}, {"email": INES, "role": "admin"}, {"email": INES, "role": "user"}),
        *({"email": f"{'x' * 250}@example.com"}, {"email": "ines@example.com\nBcc: x@example.com"}),
        *({"email": "a@b.c, d@e.f"}, {"email": "a\0@example.com"}, {"email": INES, "token": "x"}),
    ],
    ids=[
        *("nothing", "no address", "role of admins", "role of everybody", "long address"),
        *("header", "two addresses", "NUL", "surplus"),
    ],
)
def test_input_that_is_wrong_invites_nobody(olga, path, owner, body):
    assert olga.client.post(path, json=body).status_code == 422
    assert (count(owner, "mails"), count(owner, "rate_limits")) == (0, 0)


def test_an_address_that_would_steer_a_terminal_is_refused(olga, path):
    assert olga.client.post(path, json={"email": '"\x1b[2J"@example.com'}).status_code == 422


def test_nobody_is_invited_into_a_personal_workspace(olga, owner):
    personal = f"/api/workspaces/{olga.workspace_id}/invitations"
    answer = olga.client.post(personal, json={"email": INES})
    assert (answer.status_code, answer.json["code"]) == (409, "personal_workspace")
    assert (count(owner, "mails"), count(owner, "invitations")) == (0, 0)
    assert count(owner, "audit_log") == 0


@pytest.mark.long
def test_an_invitation_into_a_personal_workspace_leads_nowhere(people, olga, ines, owner):
    invitation = people.invitation(olga.workspace_id, olga, INES)
    answer = accept(ines, str(invitation))
    assert (answer.status_code, answer.json["code"]) == (409, "personal_workspace")
    assert olga.client.get(f"/api/workspaces/{olga.workspace_id}/members").json["items"][1:] == []


def test_a_strangers_workspace_is_not_found(people, path, owner):
    sten = people.person("sten")
    invitation = people.invitation(path.split("/")[3], people.person("pia"), INES)
    for answer in (
        sten.client.post(path, json={"email": INES}),
        sten.client.get(path),
        sten.client.delete(f"{path}/{invitation}"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert (count(owner, "mails"), count(owner, "invitations")) == (0, 1)


@pytest.mark.long
def test_where_no_mail_is_sent_nobody_is_invited(make_app, people, olga, path, owner):
    app = make_app(environment="production", smtp_url=None)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {access_tokens.of(app).issue(olga.id, olga.session_id)}"
    )
    answer = client.post(path, json={"email": INES})
    assert (answer.status_code, answer.json["code"]) == (403, "mail_not_configured")
    assert count(owner, "invitations") == 0


@pytest.mark.long
def test_another_invitation_to_an_address_takes_the_place_of_the_older(invite, ines, owner, path):
    older = invite(role="viewer")
    newer = invite(INES.upper())
    assert count(owner, "invitations") == 1
    assert accept(ines, older).json["code"] == "invalid_token"
    assert accept(ines, newer).status_code == 200
    assert members(owner, path)["ines"] == "member"


@pytest.mark.long
def test_an_address_is_invited_again_when_its_invitation_has_expired(invite, ines, owner):
    invite()
    owner.execute("UPDATE invitations SET expires_at = now()")
    assert accept(ines, invite()).status_code == 200


@pytest.mark.long
def test_one_address_is_invited_into_several_workspaces(people, olga, invite, ines, owner):
    other = f"/api/workspaces/{people.workspace(olga)}/invitations"
    assert olga.client.post(other, json={"email": INES}).status_code == 201
    invite()
    assert count(owner, "invitations") == 2


@pytest.mark.long
def test_invitations_are_listed_newest_first(olga, path, owner):
    emails = [f"guest{number}@example.com" for number in range(12)]
    for email in emails:
        olga.client.post(path, json={"email": email})
    listed = olga.client.get(path).json["items"]
    assert [each["email"] for each in listed] == emails[::-1]


def test_invitations_are_listed_page_by_page_and_those_that_are_past_are_not(
    people, olga, path, owner
):
    workspace_id = path.split("/")[3]
    ids = {str(people.invitation(workspace_id, olga, f"g{n}@example.com")) for n in range(5)}
    past = people.invitation(workspace_id, olga, "past@example.com")
    owner.execute("UPDATE invitations SET expires_at = now() WHERE id = %s", (past,))
    people.invitation(people.workspace(olga), olga, "elsewhere@example.com")
    seen, cursor = [], None
    while True:
        query = "?limit=2" + (f"&cursor={cursor}" if cursor else "")
        found = olga.client.get(path + query).json
        seen += [each["id"] for each in found["items"]]
        assert "token" not in str(found)
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert (len(seen), set(seen)) == (5, ids)


# Accepting


@pytest.mark.long
@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_who_has_the_token_becomes_what_they_were_invited_as(
    invite, people, ines, owner, path, role
):
    answer = accept(ines, invite(role=role))
    assert (answer.status_code, answer.json["role"]) == (200, role)
    assert members(owner, path) == {"olga": "owner", "ines": role}
    entry = owner.execute(
        "SELECT actor, user_id, workspace_id::text, details ->> 'role' FROM audit_log"
        " WHERE action = 'member.joined'"
    ).fetchone()
    assert entry == (f"user:{ines.id}", ines.id, path.split("/")[3], role)


@pytest.mark.long
def test_an_invitation_is_used_once(invite, people, ines, owner, path):
    token = invite()
    assert accept(ines, token).status_code == 200
    for person in (ines, people.person("sten")):
        answer = accept(person, token)
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_token")
    assert members(owner, path) == {"olga": "owner", "ines": "member"}


@pytest.mark.long
def test_the_same_acceptance_sent_twice_gives_one_answer(invite, ines):
    token = invite()
    first, second = (accept(ines, token, **{HEADER: "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data


@pytest.mark.long
def test_of_two_who_use_an_invitation_at_once_one_gets_in(invite, people, ines, owner, path):
    sten = people.person("sten")
    for _ in range(3):
        token = invite()
        together = threading.Barrier(2)

        def use(person, token=token, together=together):
            together.wait(5)
            return accept(person, token).status_code

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(use, [ines, sten])) == [200, 400]
        assert len(members(owner, path)) == 2
        owner.execute("DELETE FROM members WHERE role = 'member'")


@pytest.mark.long
@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_a_member_who_accepts_stays_what_they_are(invite, people, olga, ines, owner, path, role):
    people.join(path.split("/")[3], ines, "member")
    answer = accept(ines, invite(role=role))
    assert (answer.status_code, answer.json["role"]) == (200, "member")
    assert members(owner, path)["ines"] == "member"


@pytest.mark.long
def test_the_audit_log_does_not_say_that_a_member_joined(invite, people, ines, owner, path):
    people.join(path.split("/")[3], ines, "viewer")
    accept(ines, invite(role="owner"))
    joined = owner.execute(
        "SELECT details ->> 'role' FROM audit_log WHERE action = 'member.joined'"
    ).fetchall()
    assert ("owner",) not in joined


def test_the_last_owner_does_not_demote_themselves_by_an_invitation(invite, olga, owner, path):
    assert accept(olga, invite(role="viewer")).json["role"] == "owner"
    assert members(owner, path) == {"olga": "owner"}


@pytest.mark.long
def test_an_invitation_is_good_until_it_expires(invite, ines, owner, path):
    token = invite()
    owner.execute("UPDATE invitations SET expires_at = now()")
    answer = accept(ines, token)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_token")
    owner.execute("UPDATE invitations SET expires_at = now() + interval '5 s'")
    assert accept(ines, token).status_code == 200


@pytest.mark.long
def test_a_withdrawn_invitation_is_invalid(invite, olga, ines, owner, path):
    token = invite()
    invitation = f"{path}/{latest(owner)}"
    assert olga.client.delete(invitation).status_code == 204
    assert accept(ines, token).json["code"] == "invalid_token"
    assert olga.client.delete(invitation).status_code == 404
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert actions == [("member.invited",), ("member.invitation_withdrawn",)]


def test_an_invitation_is_withdrawn_in_its_own_workspace_alone(invite, people, olga, ines, owner):
    token = invite()
    other = f"/api/workspaces/{people.workspace(olga)}/invitations/{latest(owner)}"
    assert olga.client.delete(other).status_code == 404
    assert accept(ines, token).status_code == 200


@pytest.mark.parametrize("token", ["x", "cfm_", "cfm_" + "a" * 43, "cfm_ü", NOWHERE, "x" * 200])
def test_an_invalid_token_is_400(ines, token):
    answer = accept(ines, token)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_token")


@pytest.mark.parametrize("token", ["", "x" * 201, "cfm_\0", None, 1], ids=repr)
def test_a_token_that_cannot_be_one_is_422(ines, token):
    assert accept(ines, token).status_code == 422


@pytest.mark.long
def test_neither_the_id_nor_the_hash_nor_another_kind_of_token_is_the_token(
    invite, app, ines, owner
):
    invite()
    invitation_id, hashed = owner.execute(
        "SELECT id, encode(token_hash, 'hex') FROM invitations"
    ).fetchone()
    others = [mail_tokens(keyring.of(app), kind, invitation_id)[0] for kind in ("registration",)]
    for token in (str(invitation_id), hashed, *others):
        assert accept(ines, token).json["code"] == "invalid_token"


@pytest.mark.long
def test_a_key_accepts_no_invitation(invite, people, ines):
    token = invite()
    _, key = people.key(ines, ["workspace:read", "workspaces:create", "account:read"])
    answer = people.client(X_API_Key=key).post(ACCEPT, json={"token": token})
    assert answer.status_code == 403
    assert accept(ines, token).status_code == 200


# What outlasts the session that granted it


def test_an_owner_is_invited_soon_after_a_log_in(olga, path, owner):
    age_sessions(owner)
    answer = olga.client.post(path, json={"email": INES, "role": "owner"})
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert count(owner, "invitations") == 0
    assert olga.client.post(path, json={"email": INES, "role": "member"}).status_code == 201


@pytest.mark.long
def test_who_invited_is_told_who_joined(invite, ines, olga, owner):
    token = invite()
    owner.execute("DELETE FROM mails")
    assert accept(ines, token).status_code == 200
    assert mails(owner) == [("member_joined", olga.email)]
    accept(ines, invite())  # she is a member already
    assert [template for template, _ in mails(owner)] == ["member_joined", "invitation"]


@pytest.mark.long
@pytest.mark.parametrize("change", ["removed", "disabled"])
def test_an_invitation_of_somebody_who_may_not_invite_opens_no_registration(
    make_app, people, path, olga, owner, token_of, change
):
    stranger = make_app(registration_enabled=False).test_client()
    people.join(path.split("/")[3], people.person("sten"), "owner")
    olga.client.post(path, json={"email": "new@example.com"})
    body = {
        "email": "new@example.com",
        "password": "a garden fence of oak",
        "invitation_token": token_of(latest(owner)),
    }
    assert stranger.post("/api/auth/register", json=body).status_code == 202
    if change == "removed":
        team = path.split("/")[3]
        owner.execute(
            "DELETE FROM members WHERE user_id = %s AND workspace_id = %s", (olga.id, team)
        )
    else:
        owner.execute("UPDATE users SET disabled_at = now() WHERE id = %s", (olga.id,))
    answer = stranger.post("/api/auth/register", json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "registration_closed")


# Limits


def delays(owner):
    """The seconds for which each mail waits, in order."""
    rows = owner.execute(
        "SELECT extract(epoch FROM outbox.run_after - outbox.enqueued_at)::float FROM outbox"
        " JOIN mails ON mails.id = outbox.subject_id ORDER BY mails.id"
    )
    return [seconds for (seconds,) in rows.fetchall()]


def crowd(owner, hours):
    """Use up some hours of what Ines's mailbox may get, as many invitations of others would."""
    use_up(owner, TO_MAILBOX.key("invitation", name_of(INES)), hours=hours)


@pytest.mark.long
def test_one_inviter_writes_to_a_mailbox_three_times_an_hour(people, olga, owner):
    paths = [f"/api/workspaces/{people.workspace(olga)}/invitations" for _ in range(4)]
    addresses = [INES, INES.upper(), "Ines@Example.com", INES]
    answers = [
        olga.client.post(path, json={"email": email})
        for path, email in zip(paths, addresses, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [201] * 3 + [429]
    assert answers[-1].json["code"] == "rate_limited"
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert count(owner, "mails") == 3
    assert olga.client.post(paths[-1], json={"email": "max@example.com"}).status_code == 201


@pytest.mark.long
def test_one_workspace_writes_to_a_mailbox_three_times_an_hour(people, olga, path):
    sten = people.person("sten")
    people.join(path.split("/")[3], sten, "owner")
    inviters = (olga, sten, olga, sten)
    answers = [each.client.post(path, json={"email": INES}).status_code for each in inviters]
    assert answers == [201] * 3 + [429]


@pytest.mark.long
def test_invitations_of_others_block_nobody_but_their_mails_wait_for_their_turn(
    people, olga, owner
):
    inviters = [olga, *(people.person(f"inviter{number}") for number in range(7))]
    for each in inviters:
        path = f"/api/workspaces/{people.workspace(each)}/invitations"
        assert each.client.post(path, json={"email": INES}).status_code == 201
    waiting = delays(owner)
    assert waiting[: TO_MAILBOX.most] == pytest.approx([0] * TO_MAILBOX.most, abs=1)
    assert waiting[TO_MAILBOX.most :] == sorted(waiting[TO_MAILBOX.most :])


@pytest.mark.long
def test_a_mailbox_gets_five_invitations_an_hour(olga, path, owner):
    assert (TO_MAILBOX.most, TO_MAILBOX.seconds) == (5, 3600)
    crowd(owner, hours=3)
    assert olga.client.post(path, json={"email": INES}).status_code == 201
    # The two hours beyond the one that may be used at once, and its own twelve minutes.
    assert delays(owner) == pytest.approx([2 * 3600 + 720], abs=300)
    assert olga.client.post(path, json={"email": "max@example.com"}).status_code == 201
    assert delays(owner)[1] == pytest.approx(0, abs=1)


def test_no_invitation_waits_for_more_than_two_days(olga, path, owner):
    crowd(owner, hours=49)
    answer = olga.client.post(path, json={"email": INES})
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert (count(owner, "mails"), count(owner, "invitations")) == (0, 0)


def test_a_workspace_invites_a_hundred_an_hour(olga, path, owner):
    limit = INVITATIONS_INTO_WORKSPACE
    assert (limit.most, limit.seconds) == (100, 3600)
    use_up(owner, limit.key(path.split("/")[3]))
    assert olga.client.post(path, json={"email": INES}).status_code == 429


@pytest.mark.long
def test_one_invites_fifty_an_hour(people, olga, path, owner):
    fill = "interval '1 second' * %s"
    olga.client.post(path, json={"email": "g0@example.com"})
    owner.execute(
        f"UPDATE rate_limits SET used_until = now() + {fill} WHERE key ~ '^invitations:'",
        (INVITATIONS.seconds - INVITATIONS.worth - 1,),
    )
    answers = [olga.client.post(path, json={"email": f"g{n}@example.com"}) for n in (1, 2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert (INVITATIONS.most, INVITATIONS.seconds) == (50, 3600)
    mailboxes = owner.execute("SELECT count(*) FROM rate_limits WHERE key ~ 'to_mailbox:'")
    assert mailboxes.fetchone() == (2,)
    sten = people.person("sten")
    other = f"/api/workspaces/{people.workspace(sten)}/invitations"
    assert sten.client.post(other, json={"email": "g3@example.com"}).status_code == 201


def test_what_is_limited_is_kept_under_no_readable_address(invite, owner):
    invite()
    keys = " ".join(key for (key,) in owner.execute("SELECT key FROM rate_limits"))
    assert "ines" not in keys
