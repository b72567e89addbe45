-- name: create :exec
-- A mail to send: a notice to a user, or to the account with an address.
INSERT INTO mails (template, recipient, about, details)
VALUES (%(template)s, %(recipient)s, %(about)s, %(details)s);

-- name: put_off :exec
-- Delays a mail that was just queued.
UPDATE outbox
   SET run_after = run_after + %(wait)s
 WHERE kind = 'send_mails'
   AND subject_id = %(id)s;

-- name: load :many
-- Mails to send, each with the data of its template. If `is_wanted` is false, there is nobody or
-- nothing left to send it about.
SELECT mail.id,
       mail.template,
       CASE
         WHEN mail.template IN ('password_reset', 'many_wrong_passwords') THEN account.email
         ELSE mail.recipient
       END AS recipient,
       mail.about,
       mail.details,
       mail.created_at,
       CASE mail.template
         WHEN 'registration' THEN registration.id IS NOT NULL
         WHEN 'password_reset' THEN reset.id IS NOT NULL
           AND account.id IS NOT NULL
           AND account.disabled_at IS NULL
         WHEN 'many_wrong_passwords' THEN account.id IS NOT NULL
           AND account.disabled_at IS NULL
         WHEN 'invitation' THEN invitation.id IS NOT NULL
         WHEN 'email_change' THEN change.confirmed_at IS NULL AND change.id IS NOT NULL
         WHEN 'email_change_requested' THEN change.id IS NOT NULL
         WHEN 'email_changed' THEN change.id IS NOT NULL
         WHEN 'account_deletion' THEN deletion.token_hash IS NOT NULL
         WHEN 'task_reminder' THEN EXISTS (
           SELECT FROM tasks AS task
            WHERE task.id = mail.about
              AND task.status = 'pending'
         )
         ELSE true
       END AS is_wanted,
       account.id IS NOT NULL AS has_account,
       coalesce(
         registration.token_hash,
         reset.token_hash,
         invitation.token_hash,
         deletion.token_hash,
         CASE mail.template WHEN 'email_change' THEN change.token_hash ELSE change.undo_hash END
       ) AS token_hash,
       coalesce(
         registration.expires_at - registration.created_at,
         reset.expires_at - reset.created_at,
         invitation.expires_at - invitation.created_at,
         change.expires_at - coalesce(change.confirmed_at, change.created_at)
       ) AS lifetime,
       workspace.name AS workspace_name,
       coalesce(inviter.name, inviter.handle) AS inviter_name,
       invitation.role
  FROM mails AS mail
  LEFT JOIN registrations AS registration
    ON mail.template = 'registration'
   AND registration.id = mail.about
   AND registration.expires_at > now()
  LEFT JOIN password_resets AS reset
    ON mail.template = 'password_reset'
   AND reset.id = mail.about
   AND reset.expires_at > now()
  LEFT JOIN invitations AS invitation
    ON mail.template = 'invitation'
   AND invitation.id = mail.about
   AND invitation.expires_at > now()
  LEFT JOIN email_changes AS change
    ON mail.template IN ('email_change', 'email_change_requested', 'email_changed')
   AND change.id = mail.about
   AND change.expires_at > now()
  LEFT JOIN deletions AS deletion
    ON mail.template = 'account_deletion'
   AND deletion.id = mail.about
   AND deletion.status = 'scheduled'
  LEFT JOIN workspaces AS workspace
    ON workspace.id = invitation.workspace_id
  LEFT JOIN users AS inviter
    ON inviter.id = invitation.invited_by
  LEFT JOIN users AS account
    ON fold(account.email) = fold(mail.recipient)
 WHERE mail.id = ANY (%(ids)s::uuid[])
   AND mail.status = 'queued';

-- name: finish :exec
-- Saves that a mail was sent, or dropped; 0 if it is no longer to be sent.
UPDATE mails
   SET status = %(status)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'queued';

-- name: fail :exec
-- A mail could not be sent.
UPDATE mails
   SET status = 'failed',
       error = %(error)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'queued';

-- name: retry :exec
-- Retries a mail that was given up, for an operator.
UPDATE mails
   SET status = 'queued',
       error = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Removes mails a month after they were created.
WITH past AS MATERIALIZED (
  SELECT id
    FROM mails
   WHERE created_at < now() - interval '30 days'
   ORDER BY created_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM mails
 USING past
 WHERE mails.id = past.id;
