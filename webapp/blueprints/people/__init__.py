"""Accounts, sessions and keys; workspaces and their members."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.people import (
    accounts,
    ai_providers,
    api_keys,
    audit_log,
    deletions,
    email_changes,
    invitations,
    log_ins,
    members,
    service_keys,
    sessions,
    sso,
    totp,
    users,
    workspaces,
)
from webapp.http.errors import Problem
from webapp.signing_in import single_sign_on

BLUEPRINTS: Final = (
    *(log_ins.log_ins, sessions.sessions, accounts.accounts, totp.totp, sso.sso),
    *(api_keys.api_keys, service_keys.service_keys),
    *(workspaces.workspaces, members.members, invitations.invitations),
    *(deletions.deletions, email_changes.email_changes),
    *(users.users, audit_log.audit_log),
    *(ai_providers.of_everybody, ai_providers.of_workspace),
)

INSTALLS: Final = (single_sign_on.install, ai_providers.install)

REFUSALS: Final = {
    "users_handle_is_unique": Problem(409, "handle_taken", "Somebody else has this handle."),
    "users_email_is_unique": Problem(
        409, "address_taken", "Another account has this address by now."
    ),
    "email_changes_are_pending_once_for_each_user": Problem(
        409, "account_changed", "The account was changed in the meantime; try again."
    ),
    "identities_one_for_each_user_and_provider": Problem(
        409, "sso_already_linked", "This account is linked to another user of that provider."
    ),
    "invitations_one_for_each_address": Problem(
        409, "already_invited", "This address was invited a moment ago."
    ),
    "members_keep_an_owner": Problem(
        409, "last_owner", "A workspace needs an owner: make somebody else an owner first."
    ),
    "users_that_are_deleted_stay_disabled": Problem(
        409, "being_deleted", "The account is being deleted, which cannot be undone."
    ),
    "members_do_not_share_a_personal_workspace": Problem(
        409, "personal_workspace", "A personal workspace cannot be shared; make another one."
    ),
}
