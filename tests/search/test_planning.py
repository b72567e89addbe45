"""A search is planned once for a connection: planning takes longer than most searches."""

from __future__ import annotations

import pytest

from sql.connection import connect
from webapp.search.finder import find
from webapp.search.query import parse

pytestmark = pytest.mark.long

# Until the transaction ends, no table is analysed, which would begin the comparison of plans anew.
KEEP_STATISTICS = """
DO $$
BEGIN
  EXECUTE (
    SELECT format(
             'LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE',
             string_agg(oid::regclass::text, ', ')
           )
      FROM pg_class
     WHERE relkind = 'r'
       AND relnamespace = 'public'::regnamespace
  );
END
$$
"""

PLANS = """
SELECT substring(statement FROM '^/[*] search[.](\\w+)'), custom_plans, generic_plans
  FROM pg_prepared_statements
 WHERE starts_with(statement, '/* search.')
"""


@pytest.mark.parametrize("is_analysed", [False, True])
def test_one_plan_is_kept_for_all_searches(olga, database, owner, is_analysed):
    """PostgreSQL makes five plans for what it was given, and then one for all, unless that looks
    dearer than making one each time."""
    for text in ("The oak posts come before Friday.", "Nothing of that."):
        body = {"source_type": "note", "raw_text": text, "enrich": False}
        assert olga.client.post("/api/items", json=body).status_code == 201
    if is_analysed:
        owner.execute("ANALYZE")
    olgas = {"workspace_id": olga.workspace_id, "user_id": olga.id}
    with owner.transaction(), connect(database.url, "searches") as conn:
        owner.execute(KEEP_STATISTICS)
        for number in range(30):
            words = " ".join(["oak", "posts", "friday"][: number % 3 + 1])
            query = parse(words if number % 2 else f"{words} ")
            assert find(conn, query, limit=5, **olgas).rows
        plans = conn.execute(PLANS).fetchall()
    assert {name for name, _, kept in plans if kept} >= {"read_terms", "match", "show"}
    assert all(tried <= 5 for _, tried, _ in plans)
