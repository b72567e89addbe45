"""Who may read the web's metrics; tests/http/test_metrics.py has what they say."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples

EXAMPLES = Examples(open={"/metrics"})

TOKEN = "a-token-for-prometheus"


@pytest.mark.long
def test_in_development_metrics_are_open(client):
    answer = client.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")


@pytest.mark.long
@pytest.mark.parametrize("environment", ["test", "production"])
def test_elsewhere_metrics_take_the_token(make_app, environment):
    app = make_app(environment=environment, metrics_token=TOKEN)

    def answer(**headers):
        return app.test_client().get("/metrics", headers=headers)

    assert answer(Authorization=f"Bearer {TOKEN}").status_code == 200
    for wrong in ({}, *({"Authorization": each} for each in ("Bearer x", TOKEN, "Bearer é"))):
        refused = answer(**wrong)
        assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")
        assert refused.mimetype == "application/problem+json"
        assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.long
def test_elsewhere_there_are_none_without_a_token(make_app):
    app = make_app(environment="production")
    answer = app.test_client().get("/metrics", headers={"Authorization": "Bearer None"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
