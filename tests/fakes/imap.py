"""An IMAP server on loopback that can be told to answer anything, however wrong."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "ana", "an app password"

CLOSE = b"close"
HANG = b"hang"
DRIP = b"drip"


@dataclass
class FakeImap:
    """Folders with messages by UID, and everything that was asked.

    `instead` has answers by the beginning of a command without its tag: lines before the tagged
    "OK", or a whole answer if a function, which is given the tag; CLOSE, HANG and DRIP.
    """

    port: int
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    uid_validity: int = 7
    next_uid: int = 1
    password: str = PASSWORD
    capabilities: str = "IMAP4rev1 AUTH=PLAIN"
    greeting: bytes = b"* OK ready\r\n"
    instead: dict[str, bytes | Callable[[bytes], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    trust: ssl.SSLContext | None = None
    # Of messages: what FETCH says of their size, if it lies.
    said_sizes: dict[int, int] = field(default_factory=dict)
    since: list[int] | None = None
    closing: threading.Event = field(default_factory=threading.Event)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"imap://127.0.0.1:{self.port}"

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        for message in messages:
            self.folders[folder][self.next_uid] = message
            self.next_uid += 1

    def serve(self, connection: socket.socket) -> None:
        folder = ""
        connection.sendall(self.greeting)
        lines = connection.makefile("rb")
        while line := lines.readline():
            tag, _, command = line.strip().partition(b" ")
            said = command.decode()
            self.asked.append(said)
            special = next((it for key, it in self.instead.items() if said.startswith(key)), None)
            if special == CLOSE:
                return
            if special == DRIP:
                while not self.closing.wait(0.05):
                    connection.sendall(b"*")
                return
            if special == HANG:
                self.closing.wait()
                return
            if special is not None:
                whole = special + tag + b" OK done\r\n" if isinstance(special, bytes) else None
                connection.sendall(whole or special(tag))  # type: ignore[operator]
                continue
            if said == "STARTTLS":
                assert self.trust is not None
                # What is sent before the encryption begins is not to be believed.
                connection.sendall(tag + b" OK go on\r\n* CAPABILITY IMAP4rev1 EVIL\r\n")
                connection = self.trust.wrap_socket(connection, server_side=True)
                self.connections.append(connection)
                lines = connection.makefile("rb")
                continue
            if said.startswith("EXAMINE"):
                folder = said.partition(" ")[2].strip('"')
            if said == "AUTHENTICATE PLAIN":
                connection.sendall(b"+ \r\n")
                login = base64.b64decode(lines.readline()).decode().split("\0")
                connection.sendall(tag + self._verdict(login[1:] == [USER, self.password]))
                continue
            connection.sendall(self._answer(said, folder, tag))
            if said == "LOGOUT":
                return

    def _verdict(self, is_right: bool) -> bytes:
        return b" OK welcome\r\n" if is_right else b" NO [AUTHENTICATIONFAILED] wrong\r\n"

    def _answer(self, said: str, folder: str, tag: bytes) -> bytes:
        done = tag + b" OK done\r\n"
        if said == "CAPABILITY":
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + done
        if said.startswith("LOGIN"):
            password = self.password.replace("\\", "\\\\").replace('"', '\\"')
            return tag + self._verdict(said == f'LOGIN "{USER}" "{password}"')
        if said.startswith("LIST"):
            wanted = re.escape(said.split('"')[-2]).replace("%", "[^/]*")
            names = [each for each in self.folders if re.fullmatch(wanted, each)]
            shown = names if said.split('"')[-2] else [""]
            return b"".join(b'* LIST () "/" "%s"\r\n' % it.encode() for it in shown) + done
        if said.startswith("EXAMINE"):
            if folder not in self.folders:
                return tag + b" NO no such folder\r\n"
            told = (
                f"* OK [UIDVALIDITY {self.uid_validity}] x\r\n* OK [UIDNEXT {self.next_uid}] x\r\n"
            )
            return told.encode() + tag + b" OK [READ-ONLY] done\r\n"
        messages = self.folders.get(folder, {})
        if found := re.fullmatch(r"UID SEARCH UID (\d+):(\d+)", said):
            first, last = int(found[1]), int(found[2])
            numbers = [uid for uid in messages if first <= uid <= last]
            return f"* SEARCH {' '.join(map(str, numbers))}\r\n".encode() + done
        if said.startswith("UID SEARCH SINCE"):
            numbers = self.since if self.since is not None else list(messages)
            return f"* SEARCH {' '.join(map(str, numbers))}\r\n".encode() + done
        if found := re.match(r"UID FETCH (\d+)", said):
            return self._message(messages, int(found[1]), said) + done
        return (b"* BYE\r\n" if said == "LOGOUT" else b"") + done

    def _message(self, messages: dict[int, bytes], uid: int, said: str) -> bytes:
        # Servers may always add what else is new.
        news = b"* 99 FETCH (FLAGS (\\Seen) UID 4711)\r\n"
        if uid not in messages:
            return news
        part = re.search(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", said)
        if part:
            start, size = int(part[1]), int(part[2])
            data, name = messages[uid][start : start + size], f"BODY[]<{start}>"
        else:
            head = messages[uid].partition(b"\r\n\r\n")[0]
            lines = [it for it in head.splitlines() if it.lower().startswith(b"from:")]
            data = b"\r\n".join([*lines, b"", b""])
            size = self.said_sizes.get(uid, len(messages[uid]))
            name = f"RFC822.SIZE {size} BODY[HEADER.FIELDS (FROM)]"
        return news + f"* 1 FETCH (UID {uid} {name} {{{len(data)}}}\r\n".encode() + data + b")\r\n"


@contextmanager
def fake_imap(trust: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[FakeImap]:
    """The server; with TLS from the start if `at_once`."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = FakeImap(listener.getsockname()[1], trust=trust)
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        connection.settimeout(30)
        server.connections.append(connection)
        with contextlib.suppress(OSError, ValueError):
            if at_once and trust is not None:
                connection = trust.wrap_socket(connection, server_side=True)
                server.connections.append(connection)
            server.serve(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    try:
        yield server
    finally:
        server.closing.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in server.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)
        for connection in server.connections:
            connection.close()
