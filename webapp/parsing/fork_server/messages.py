"""The messages between client, child and server: a letter, then JSON or bytes.

They use a socket that preserves message boundaries (SOCK_SEQPACKET), so a message that a dying
child was about to send is missing completely and does not affect the next.
"""

from __future__ import annotations

# From the child: it is prepared and starts; a step is done; a part of the result; the result is
# complete; there is none.
READY, STEP, PART, DONE, FAILED = b"r", b"s", b"p", b"+", b"!"
# From the server, always last: how the child ended, as in `Popen.returncode`, or null if it could
# not be created.
ENDED = b"x"

LARGEST = 1 << 16  # bytes of a message
