"""The API's description and the page that shows it."""

from __future__ import annotations

import re

import pytest

from tests.blueprints.examples import Examples

EXAMPLES = Examples(
    words={"file": "start.js"},
    open={"/docs", "/docs/", "/docs/<file>", "/api/openapi.json"},
)


@pytest.mark.long
def test_the_description_names_every_route_of_the_api(shared_app, client):
    # Not part of the API: the description itself and the metrics for Prometheus.
    others = ("/api/openapi.json", "/metrics")
    described = set(client.get("/api/openapi.json").json["paths"])
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in shared_app.url_map.iter_rules()
        if not rule.rule.startswith("/docs") and rule.rule not in others
    }
    assert described == routes


def test_the_page_takes_everything_from_this_server(client):
    page = client.get("/docs", buffered=True)
    assert page.mimetype == "text/html"
    assert "script-src" not in page.headers["Content-Security-Policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        assert link == "data:," or client.get(link, buffered=True).status_code == 200
    assert client.get("/docs/swagger-ui-bundle.js", buffered=True).mimetype == "text/javascript"


@pytest.mark.parametrize("path", ["/docs/../app.py", "/docs/%2e%2e/app.py", "/docs/nothing"])
def test_the_page_serves_no_other_files(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.long
@pytest.mark.parametrize(("enabled", "status"), [(True, 200), (False, 404)])
def test_the_page_can_be_switched_off(make_app, enabled, status):
    app = make_app(environment="production", docs_enabled=enabled)
    assert app.test_client().get("/docs", buffered=True).status_code == status
    assert app.test_client().get("/api/openapi.json").status_code == 200
