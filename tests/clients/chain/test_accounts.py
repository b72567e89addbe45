"""eth-account changes nothing for the rest of the process."""

from __future__ import annotations

import json
import subprocess
import sys

DEEP = """
import json, sys
before = sys.getrecursionlimit()
from webapp.clients.chain.accounts import accounts
accounts().create()
assert sys.getrecursionlimit() == before
try:
    json.loads("[" * 100_000)
except RecursionError:
    print(json.dumps("refused"))
"""


def test_deeply_nested_json_is_refused_as_before():
    ran = subprocess.run(
        [sys.executable, "-c", DEEP], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(ran.stdout) == "refused"
