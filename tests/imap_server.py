"""A real IMAP server on loopback, Dovecot, with the mail of one user."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import eventually

USER, PASSWORD = "ana@example.com", "an app password, über"

_CONFIGURATION = """
base_dir = {root}/run
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{root}/mail
first_valid_uid = 1
mail_max_userip_connections = 50
default_internal_user = {service}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = {root}/users
}}
userdb {{
  driver = static
  args = uid={mail} gid={group} home={root}/home
}}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where it is, and what its user does there without us."""

    port: int
    root: Path

    @property
    def url(self) -> str:
        return f"imap://127.0.0.1:{self.port}"

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as session:
            session.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield session

    def make(self, folder: str) -> None:
        with self.session() as session:
            assert session.create(f'"{folder}"')[0] == "OK"

    def remove(self, folder: str) -> None:
        with self.session() as session:
            assert session.delete(f'"{folder}"')[0] == "OK"

    def put(self, folder: str, *messages: bytes, flags: str = "") -> None:
        with self.session() as session:
            for message in messages:
                assert session.append(f'"{folder}"', flags, None, message)[0] == "OK"  # type: ignore[arg-type]

    def flags(self, folder: str) -> list[bytes]:
        """The flags of each message."""
        with self.session() as session:
            session.select(f'"{folder}"', readonly=True)
            return [each for each in session.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes)]


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if program is None:
        pytest.skip("Dovecot is not installed")
    root = Path(tempfile.mkdtemp(prefix="coffer-imap-"))
    root.chmod(0o755)
    is_root = os.geteuid() == 0
    me = pwd.getpwuid(os.geteuid()).pw_name
    mail = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
    for folder in ("mail", "home"):
        (root / folder).mkdir()
        if is_root:
            os.chown(root / folder, mail.pw_uid, mail.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ImapServer(port, root)
    (root / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    configuration = root / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            root=root,
            port=port,
            service="dovecot" if is_root else me,
            login="dovenull" if is_root else me,
            mail=mail.pw_uid,
            group=mail.pw_gid,
        )
    )
    process = subprocess.Popen([program, "-F", "-c", configuration])
    try:
        eventually(lambda: _answers(server))
        yield server
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


def _answers(server: ImapServer) -> bool:
    try:
        with server.session():
            return True
    except (OSError, imaplib.IMAP4.error):
        return False
