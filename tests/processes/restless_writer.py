"""Writes to a workspace until it is killed: transactions of different lengths, some rolled back.

python -m tests.processes.restless_writer DATABASE_URL WORKSPACE_ID USER_ID
"""

from __future__ import annotations

import random
import sys
import time

import psycopg


def write(url, workspace_id, user_id):
    conn = psycopg.connect(url)
    while True:
        for _ in range(random.randint(1, 4)):
            conn.execute(
                "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status)"
                " VALUES (%s, %s, 'note', 'x', 'enriching')",
                (workspace_id, user_id),
            )
            time.sleep(random.choice((0, 0, 0.001, 0.02)))
        if random.random() < 0.2:
            conn.rollback()
        else:
            conn.commit()


if __name__ == "__main__":
    write(*sys.argv[1:])
