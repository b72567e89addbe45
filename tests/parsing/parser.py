"""A parser for `webapp.parsing.child` that misbehaves in every way that has to be survived."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time


def main(data: bytes) -> bytes:
    """Do what the input says."""
    order, _, rest = data.partition(b" ")
    match order.decode():
        case "echo":
            return rest
        case "environment":
            return repr((dict(os.environ), os.getcwd(), sys.path[0])).encode()  # noqa: PTH109
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(60)
        case "memory":
            return bytes(1 << 32)
        case "raise":
            raise ValueError(rest.decode())
        case "exit":
            sys.exit(3)
        case "vanish":
            os._exit(3)
        case "signal":
            os.kill(os.getpid(), int(rest))
            time.sleep(5)
        case "large":
            return bytes(int(rest))
        case "print":
            sys.stdout.write("noise")
            sys.stdout.flush()
            os.write(1, b"more noise")
            return rest
        case "write":
            with open(rest, "wb") as file:  # noqa: PTH123
                file.write(b"x")
        case "fork":
            # A grandchild that holds on to everything it inherited.
            sleeper = subprocess.Popen(["/bin/sleep", "60"])
            return str(sleeper.pid).encode()
        case "open":
            opened: list[int] = []
            with contextlib.suppress(OSError):
                while len(opened) < 1000:
                    opened.append(os.open("/dev/null", os.O_RDONLY))
            # Closed again, because Python may have to open a file in order to exit.
            for number in opened:
                os.close(number)
            return str(len(opened)).encode()
        case _:
            raise LookupError(order)
    return b""
