"""The texts of the mails. Each function returns a subject and a plain text.

`address` is the public URL of the API, `app_url` that of the operator's own front end, if there is
one. With a front end, a mail links to it with the token in the fragment, which browsers do not send
to servers and which therefore is in no log; without one, it shows the call to make with `curl`. A
token occurs once in its text, on its own line, and never in a subject.

Subjects are constant, and text from others is truncated and quoted, so that nobody can send their
own words under our name.
"""

from __future__ import annotations

import shlex
import textwrap
import unicodedata
from datetime import UTC
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PRODUCT: Final = "Coffer"
_WIDTH: Final = 72  # characters; leaves room for quote marks in replies
_MAX_NAME: Final = 60  # characters of a name that a stranger gave
# The punctuation that names may contain. A dot, a colon, a slash or an @ would make a link.
_NAME_PUNCTUATION: Final = frozenset("'’&+-(),!")


class Text(NamedTuple):
    """What a mail says."""

    subject: str
    text: str  # lines of at most 72 characters, but for links and calls


def confirm_registration(token: str, hours: int, *, address: str, app_url: str | None) -> Text:
    """To a new address: prove that you read its mail. `token` is valid for `hours`."""
    return _text(
        f"Confirm your {_PRODUCT} account",
        f"Welcome to {_PRODUCT}! To confirm that this address is yours,"
        f" {_how(app_url)} within {_count(hours, 'hour')}:",
        _way(
            token,
            "confirm",
            f"{address}/api/auth/confirm",
            {"password": "the password you chose"},
            app_url,
        ),
        "If you did not register, ignore this mail. Without the password that was chosen then, it"
        " is of no use to anybody, and no account will be made.",
        address=address,
        app_url=app_url,
    )


def already_registered(*, address: str, app_url: str | None) -> Text:
    """To an address that has an account, when somebody tries to register it."""
    return _text(
        f"You already have a {_PRODUCT} account",
        f"Somebody, perhaps you, tried to register with this address at {_PRODUCT}. It already"
        " has an account, and nothing was changed.",
        "If it was you, log in. If you forgot your password, ask for a new one where you log in.",
        "If it was not you, there is nothing you need to do.",
        address=address,
        app_url=app_url,
    )


def reset_password(token: str, minutes: int, *, address: str, app_url: str | None) -> Text:
    """To somebody who forgot the password. `token` is valid for `minutes`."""
    return _text(
        f"Choose a new {_PRODUCT} password",
        f"To choose a new password, {_how(app_url)} within {_count(minutes, 'minute')}:",
        _way(
            token,
            "reset-password",
            f"{address}/api/auth/password/reset",
            {"password": "your new password"},
            app_url,
        ),
        "If you did not ask for this, ignore this mail: your password stays as it is. Do not pass"
        " this mail on.",
        address=address,
        app_url=app_url,
    )


def password_changed(
    when: datetime,
    from_address: str | None,
    revoked_api_keys: int,
    api_keys_left: int,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice of a new password. `from_address` is the IP address it was changed from, if known;
    then how many API keys were revoked, and how many still work."""
    keys = ""
    if revoked_api_keys:
        keys += f" {_count(revoked_api_keys, 'API key')} of yours stopped working as well."
    if api_keys_left:
        keys += f" You still have {_count(api_keys_left, 'API key')}, which still work."
    return _text(
        f"Your {_PRODUCT} password was changed",
        f"The password of your account was changed on {_time(when)}{_place(from_address)}.{keys}",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account: reset your password at"
        " once, by asking for a new one where you log in.",
        address=address,
        app_url=app_url,
    )


def totp_changed(
    what: Literal["switched on", "switched off"],
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice that the second factor was switched on or off, from that IP address, if known."""
    return _text(
        f"Two-factor authentication of your {_PRODUCT} account",
        f"The second factor of your account was {what} on {_time(when)}{_place(from_address)}.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody knows your password: change it at once, then check the second"
        " factor.",
        address=address,
        app_url=app_url,
    )


def recovery_codes_replaced(
    when: datetime, from_address: str | None, *, address: str, app_url: str | None
) -> Text:
    """Notice of new recovery codes, made from that IP address, if known."""
    return _text(
        f"New recovery codes for your {_PRODUCT} account",
        f"Ten new recovery codes for the second factor of your account were made on {_time(when)}"
        f"{_place(from_address)}. The old ones no longer work.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account: reset your password at"
        " once, then switch the second factor off and on again.",
        address=address,
        app_url=app_url,
    )


def api_key_made(
    name: str,
    prefix: str,
    expires_on: str,
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice of a new API key: its name, how it begins, and the day on which it expires."""
    return _text(
        f"A new API key for your {_PRODUCT} account",
        f"The API key {_name(name, 'without a name')}, which begins with {prefix}, was made"
        f" on {_time(when)}{_place(from_address)}. It can act as you until {expires_on}.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account: reset your password at"
        " once. That revokes all of your API keys too.",
        address=address,
        app_url=app_url,
    )


def service_key_made(
    name: str,
    prefix: str,
    expires_on: str,
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice of a new key of a workspace, made by the user: its name, how it begins, and the day on
    which it expires."""
    return _text(
        f"A new service key for your {_PRODUCT} workspace",
        f"The service key {_name(name, 'without a name')}, which begins with {prefix}, was made"
        f" from your account on {_time(when)}{_place(from_address)}. It can act in the workspace"
        f" until {expires_on}.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account: reset your password at once,"
        " then revoke the key among the workspace's service keys.",
        address=address,
        app_url=app_url,
    )


def provider_linked(provider: str, when: datetime, *, address: str, app_url: str | None) -> Text:
    """Notice that the user can now log in with `provider`, the name of a single sign-on."""
    return _text(
        f"A new way to log in to your {_PRODUCT} account",
        f"Single sign-on with {_name(provider, 'a provider')} was linked to your account on"
        f" {_time(when)}. Anybody who can log in there can now log in to your account.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, change your password at once and remove the link in your account.",
        address=address,
        app_url=app_url,
    )


def invitation(
    inviter: str,
    workspace: str,
    role: str,
    token: str,
    days: int,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """To somebody who is invited to a workspace. `token` is valid for `days`.

    `inviter` and `workspace` are names chosen by strangers; either may be empty.
    """
    return _text(
        f"You are invited to a {_PRODUCT} workspace",
        f"{_name(inviter, 'Somebody')} invites you to join {_name(workspace, 'a workspace')} at"
        f" {_PRODUCT}. Your role would be: {_tame(role)}.",
        f"To accept, log in, or register first if you have no account; then {_how(app_url)} within"
        f" {_count(days, 'day')}:",
        _way(
            token,
            "invitation",
            f"{address}/api/invitations/accept",
            {},
            app_url,
            header="Authorization: Bearer YOUR-ACCESS-TOKEN",
        ),
        "If you do not know who this is, or do not want to join, ignore this mail: the invitation"
        " expires by itself.",
        address=address,
        app_url=app_url,
    )


def member_joined(
    who: str, workspace: str, role: str, *, address: str, app_url: str | None
) -> Text:
    """Notice that somebody accepted the user's invitation. The names were chosen by strangers."""
    return _text(
        f"Somebody joined your {_PRODUCT} workspace",
        f"{_name(who, 'Somebody')} accepted your invitation and joined"
        f" {_name(workspace, 'a workspace')}. Their role is: {_tame(role)}.",
        "If you invited them, there is nothing you need to do.",
        "If you did not, somebody else may be using your account: remove them from the workspace,"
        " log out everywhere and change your password.",
        address=address,
        app_url=app_url,
    )


def role_given(
    role: str,
    to: str,
    workspace: str | None,
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice that the user's account made somebody an `owner` of a workspace, or an `admin` if
    `workspace` is None. The names were chosen by strangers."""
    of_what = f" of {_name(workspace, 'a workspace')}" if workspace is not None else ""
    return _text(
        f"Somebody was given more rights from your {_PRODUCT} account",
        f"{_name(to, 'Somebody')} was made an {_tame(role)}{of_what} from your account on"
        f" {_time(when)}{_place(from_address)}.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account: reset your password at"
        " once, then take the role back.",
        address=address,
        app_url=app_url,
    )


def confirm_address(token: str, hours: int, *, address: str, app_url: str | None) -> Text:
    """To a user's new address: prove that you read its mail. `token` is valid for `hours`."""
    return _text(
        f"Confirm your new address for {_PRODUCT}",
        "Somebody, hopefully you, wants to use this address for their account. To confirm that it"
        f" is yours, log in, then {_how(app_url)} within {_count(hours, 'hour')}:",
        _way(
            token,
            "confirm-address",
            f"{address}/api/auth/email/confirm",
            {},
            app_url,
            header="Authorization: Bearer YOUR-ACCESS-TOKEN",
        ),
        "If it was not you, ignore this mail. It is of no use without that account.",
        address=address,
        app_url=app_url,
    )


def address_taken(*, address: str, app_url: str | None) -> Text:
    """To an address that has an account, when another account wants to use it."""
    return _text(
        f"You already have a {_PRODUCT} account",
        f"Somebody, perhaps you, wants to use this address for another account at {_PRODUCT}. It"
        " already has one, and nothing was changed.",
        "If it was you, change the address of the account that has this one, or delete it, first.",
        "If it was not you, there is nothing you need to do.",
        address=address,
        app_url=app_url,
    )


def address_changed(
    token: str,
    is_confirmed: bool,
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice to the old address that another one was requested, or has replaced it. `token`
    prevents it, or takes it back for a week."""
    what = (
        "The mail address of your account was changed"
        if is_confirmed
        else "Another mail address was requested for your account"
    )
    return _text(
        f"The address of your {_PRODUCT} account",
        f"{what} on {_time(when)}{_place(from_address)}.",
        "If it was you, there is nothing you need to do.",
        "If it was not you, somebody else has access to your account. To"
        f" {'take it back within seven days' if is_confirmed else 'prevent it'}, and to end all"
        f" sessions, {_how(app_url)}, then reset your password:",
        _way(token, "undo-address", f"{address}/api/auth/email/undo", {}, app_url),
        address=address,
        app_url=app_url,
    )


def account_deletion(
    token: str,
    due_at: datetime,
    when: datetime,
    from_address: str | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice that the account is deleted at `due_at`; `token` keeps it."""
    return _text(
        f"Your {_PRODUCT} account will be deleted",
        f"The deletion of your account was requested on {_time(when)}{_place(from_address)}. It can"
        f" no longer be used, and on {_time(due_at)} it is deleted for good, with everything in"
        " it.",
        f"To keep it, {_how(app_url)} before then:",
        _way(token, "keep-account", f"{address}/api/auth/deletion/cancel", {}, app_url),
        "If it was you, there is nothing you need to do. If it was not you, keep the account and"
        " reset your password at once: somebody else has access to it.",
        address=address,
        app_url=app_url,
    )


def workspace_deletion(
    who: str,
    workspace: str,
    due_at: datetime,
    when: datetime,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice to an owner that a workspace is deleted at `due_at`. The names are users' choices."""
    return _text(
        f"A {_PRODUCT} workspace will be deleted",
        f"{_name(who, 'Somebody')} requested the deletion of {_name(workspace, 'a workspace')} on"
        f" {_time(when)}. Nobody has access to it any more, and on {_time(due_at)} it is deleted"
        " for good, with everything in it.",
        "If you do not want that, cancel the deletion before then: it is listed in your account."
        " Each of its owners can.",
        address=address,
        app_url=app_url,
    )


def webhook_paused(
    host: str,
    reason: str,
    workspace: str,
    failing_since: datetime | None,
    *,
    address: str,
    app_url: str | None,
) -> Text:
    """Notice that a webhook is called no more: it is `gone`, or has been `failing` for long. The
    names were chosen by users."""
    why = "answered that it wants no more messages (410)"
    if reason == "failing" and failing_since is not None:
        why = f"has accepted nothing since {_time(failing_since)}"
    return _text(
        f"A webhook of your {_PRODUCT} workspace was paused",
        f"The webhook at {_name(host, 'an address')} in {_name(workspace, 'a workspace')} {why}. It"
        " is paused: nothing is sent to it.",
        "What happens meanwhile is kept for thirty days. When the webhook works again, resume it,"
        " then replay what it missed. If you do not need it any more, remove it.",
        address=address,
        app_url=app_url,
    )


def task_reminder(title: str, due: str | None, *, address: str, app_url: str | None) -> Text:
    """A user's own reminder of a task; `due` is the day, or the time with its zone, if any."""
    when = "" if due is None else f" It is due on {due}."
    return _text(
        f"A reminder from {_PRODUCT}",
        f"You asked to be reminded of {_name(title, 'a task')}.{when}",
        "If you do not want such mails, set is_reminded_by_mail of your account to false.",
        address=address,
        app_url=app_url,
    )


def many_wrong_passwords(
    when: datetime, from_address: str | None, *, address: str, app_url: str | None
) -> Text:
    """Warning: somebody is guessing the password. `from_address` is where the last guess came
    from."""
    return _text(
        f"Somebody is guessing your {_PRODUCT} password",
        "Many wrong passwords were entered for your account, the last on"
        f" {_time(when)}{_place(from_address)}. Attempts are limited, and most are refused.",
        "If it was you, or a program of yours with an old password, correct it there.",
        "If it was not you, make sure that your password is long and that you use it nowhere else,"
        " and switch on the second factor.",
        "Meanwhile you can still log in from where you have logged in before. If you are refused"
        " elsewhere, reset your password: after that you can log in.",
        "This mail is sent once a week at most, however many attempts there are.",
        address=address,
        app_url=app_url,
    )


def many_wrong_confirmations(
    when: datetime, from_address: str | None, *, address: str, app_url: str | None
) -> Text:
    """Warning: somebody who is signed in does not know the password."""
    return _text(
        f"Wrong passwords in your {_PRODUCT} account",
        f"Somebody who is signed in to your account, last seen on {_time(when)}"
        f"{_place(from_address)}, was asked for the password or a code again and entered a wrong"
        " one many times. Nothing was changed.",
        "If it was you, try again later, or ask for a new password where you log in.",
        "If it was not you, somebody else is signed in to your account: log out everywhere, then"
        " change your password.",
        address=address,
        app_url=app_url,
    )


def many_wrong_codes(when: datetime, *, address: str, app_url: str | None) -> Text:
    """Warning: somebody knows the password and is trying codes of the second factor."""
    return _text(
        f"Somebody knows your {_PRODUCT} password",
        f"On {_time(when)} somebody entered the correct password for your account, then many"
        " wrong codes for its second factor. They did not get in.",
        "If it was not you, change your password at once, here and wherever else you use it.",
        "If it was you, check that the clock of the device with your codes is right, and try again"
        " later.",
        address=address,
        app_url=app_url,
    )


# --- parts ----------------------------------------------------------------------------------


class _Verbatim(str):
    """A paragraph that is not wrapped."""

    __slots__ = ()


def _text(subject: str, *paragraphs: str, address: str, app_url: str | None) -> Text:
    place = _Verbatim(f"-- \n{_PRODUCT}\n{app_url or address}")
    said = [
        paragraph
        if isinstance(paragraph, _Verbatim)
        else textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for paragraph in ("Hello,", *paragraphs, place)
    ]
    return Text(subject, "\n\n".join(said) + "\n")


def _how(app_url: str | None) -> str:
    return "open this link" if app_url else "run this in a terminal"


def _way(
    token: str,
    page: str,
    call: str,
    values: Mapping[str, str],
    app_url: str | None,
    *,
    header: str | None = None,
) -> _Verbatim:
    """The link that carries `token`, or the call; `values` are what the caller fills in."""
    if app_url:
        return _Verbatim(f"{app_url}/{page}#token={quote(token, safe='')}")
    # In a variable, so that the token has its own line, which nobody has to edit.
    body = ['"token": "\'"$token"\'"', *(f'"{name}": "{value}"' for name, value in values.items())]
    lines = [
        f"token={shlex.quote(token)}",
        f"curl -X POST {shlex.quote(call)} \\",
        *([f"  -H '{header}' \\"] if header else []),
        "  -H 'Content-Type: application/json' \\",
        "  -d '{" + ", ".join(body) + "}'",
    ]
    return _Verbatim("\n".join(lines))


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"


def _place(from_address: str | None) -> str:
    """Empty unless it is an IP address, because it may come from a header that anybody can send."""
    try:
        return f", from {ip_address(from_address or '').compressed}"
    except ValueError:
        return ""


def _name(name: str, otherwise: str) -> str:
    """A name chosen by a stranger, quoted; `otherwise` if nothing in it is readable."""
    tame = _tame(name)
    if not any(character.isalnum() for character in tame):
        return otherwise
    if len(tame) > _MAX_NAME:
        tame = tame[: _MAX_NAME - 1].rstrip() + "…"
    return f'"{tame}"'


def _tame(name: str) -> str:
    """`name` on one line, without anything that programs turn into a link."""
    # NFKC first: it turns characters that look like dots and slashes into those.
    kept = (
        character if _fits_a_name(character) else " "
        for character in unicodedata.normalize("NFKC", name)
    )
    return " ".join("".join(kept).split())


def _fits_a_name(character: str) -> bool:
    return character in _NAME_PUNCTUATION or unicodedata.category(character)[0] in "LMN"
