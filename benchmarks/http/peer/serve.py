"""Serve the application with two processes: `python -m benchmarks.http.peer.serve <port>`.

Each has its own listening socket, and the kernel distributes the connections. With the single
socket that the processes of `uvicorn --workers` share, whichever process wakes first accepts all
connections that arrive at once, and the other one is idle.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import sys

import uvicorn

_PROCESSES = 2
_BACKLOG = 2048


def main() -> None:
    port = int(sys.argv[1])
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_serve, args=(port,)) for _ in range(_PROCESSES)]
    for process in processes:
        process.start()
    signal.signal(signal.SIGTERM, lambda *_: [process.terminate() for process in processes])
    for process in processes:
        process.join()


def _serve(port: int) -> None:
    config = uvicorn.Config(
        "benchmarks.http.peer.app:app",
        loop="uvloop",
        http="httptools",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
    )
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
