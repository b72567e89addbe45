"""The process that forks: it waits for requests, creates a child for each, and reports how each
ended.

It has a single thread and reads nothing from documents, so nothing in a document can harm it.
Requests, including passwords, go from the client directly to the child, never through here.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import json
import os
import select
import signal
import socket
from typing import NoReturn

from webapp.parsing.fork_server import messages, task

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL | select.POLLRDHUP


def serve(control: int, owner: int, preloaded: str) -> NoReturn:
    """Import `preloaded`, then fork for the process `owner`, which sends requests through the
    socket `control`, until it ends or closes that."""
    importlib.import_module(preloaded)
    # Children share these pages as long as nobody writes to them, as a garbage collection would.
    gc.collect()
    gc.freeze()
    server = _Server(socket.socket(fileno=control), owner)
    try:
        server.run()
    finally:
        server.kill_all()
        os._exit(0)


class _Server:
    def __init__(self, control: socket.socket, owner: int) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}  # by process id, the channel to its client
        self._last_words: dict[int, tuple[socket.socket, bytes]] = {}  # by descriptor
        self._wakes, wakeup = socket.socketpair()
        self._wakes.setblocking(False)
        wakeup.setblocking(False)
        self._wakeup = wakeup
        signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(self._wakes, select.POLLIN)
        # Its end of `control` may stay open in processes that it forked.
        self._owner = -1
        with contextlib.suppress(OSError, AttributeError):
            self._owner = os.pidfd_open(owner)
            self._poll.register(self._owner, select.POLLIN)

    def run(self) -> None:
        """Until the owner is gone."""
        while True:
            for descriptor, event in self._poll.poll():
                if descriptor == self._owner:
                    return
                if descriptor == self._control.fileno():
                    if not self._fork():
                        return
                elif descriptor == self._wakes.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self._wakes.recv(1 << 12)
                    self._reap()
                elif descriptor in self._last_words:
                    self._say_last_words(descriptor, is_gone=bool(event & _GONE))
                elif event & _GONE:
                    self._cancel(descriptor)

    def kill_all(self) -> None:
        for child in self._children:
            _kill(child)

    def _fork(self) -> bool:
        """Create a child for the next request; False if the owner is gone."""
        try:
            message, received, _, _ = socket.recv_fds(self._control, 1, 2)
        except OSError:
            return False
        if not message:
            return False
        if len(received) != 2:  # there was no room for one more descriptor
            for descriptor in received:
                os.close(descriptor)
            return True
        channel, file = socket.socket(fileno=received[0]), received[1]
        server = os.getpid()
        try:
            child = os.fork()
        except OSError as error:
            self._speak_last(channel, None, errno.errorcode.get(error.errno or 0, "no fork"))
        else:
            if child == 0:
                task.run(channel, file, server)
            self._children[child] = channel
            # The client closes the channel, or its sending side, to cancel.
            self._poll.register(channel, select.POLLRDHUP)
        os.close(file)
        return True

    def _cancel(self, descriptor: int) -> None:
        for child, channel in self._children.items():
            if channel.fileno() == descriptor:
                self._poll.unregister(channel)
                _kill(child)

    def _reap(self) -> None:
        """Report how each finished child ended, and end whatever it started."""
        while self._children:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            # Before it is reaped, while it still holds its number: no other process can have it.
            _kill(ended.si_pid)
            _, status = os.waitpid(ended.si_pid, 0)
            channel = self._children.pop(ended.si_pid)
            with contextlib.suppress(KeyError):
                self._poll.unregister(channel)
            self._speak_last(channel, os.waitstatus_to_exitcode(status), "")

    def _speak_last(self, channel: socket.socket, status: int | None, detail: str) -> None:
        words = json.dumps({"status": status, "detail": detail}).encode()
        self._last_words[channel.fileno()] = (channel, messages.ENDED + words)
        self._poll.register(channel, select.POLLOUT)

    def _say_last_words(self, descriptor: int, *, is_gone: bool) -> None:
        """Send the final message once there is room: the client may still be busy with the child's
        messages."""
        channel, words = self._last_words[descriptor]
        try:
            channel.send(words, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not is_gone:
                return
        except OSError:
            pass  # the client is gone
        del self._last_words[descriptor]
        self._poll.unregister(descriptor)
        channel.close()


def _kill(child: int) -> None:
    """End a child and what it started. It leads a group as soon as it runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
