"""What client, child and server say to each other: a letter, then JSON or bytes, in one message.

They talk over a socket that keeps messages apart (SOCK_SEQPACKET), so one that a dying child was
about to send is missing as a whole and spoils none of the next.
"""

from __future__ import annotations

# From the child: it is prepared and begins; a step is done; a part of the result; the result is
# complete; there is none.
READY, STEP, PART, DONE, FAILED = b"r", b"s", b"p", b"+", b"!"
# From the server, always the last: how the child ended, as `Popen.returncode` says it, or null
# where it could not be made.
ENDED = b"x"

LARGEST = 1 << 16  # bytes of a message
