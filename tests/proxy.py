"""A network between a worker and its database, which can fail."""

from __future__ import annotations

import contextlib
import select
import socket
import threading


class Proxy:
    """Forwards its own port to another one; while `stalled` it passes nothing on, and `cut` drops
    and refuses all connections."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.stalled = False
        self.is_cut = False
        self.refused = 0
        self.closed = False
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.is_cut = True
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = self.stalled = False

    def close(self) -> None:
        self.closed = True
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        while not self.closed:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            other = None
            if not self.is_cut:
                with contextlib.suppress(OSError):
                    other = socket.create_connection(("127.0.0.1", self._target), timeout=2)
            if other is None:
                self.refused += 1
                one.close()
                continue
            other.settimeout(None)
            threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        self._open |= {one, other}
        try:
            while not self.closed:
                if self.stalled:
                    threading.Event().wait(0.05)
                    continue
                readable, _, _ = select.select([one, other], [], [], 0.1)
                for each in readable:
                    data = each.recv(1 << 16)
                    if not data:
                        return
                    (other if each is one else one).sendall(data)
        except OSError:
            pass
        finally:
            self._open -= {one, other}
            for each in (one, other):
                each.close()
