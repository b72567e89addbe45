"""Importing: example files, and their results."""

from __future__ import annotations

import json

import orjson

BOOKMARKS = {"Content-Type": "text/html"}
LINES = {"Content-Type": "application/x-ndjson"}


def upload(person, body, headers=LINES, **query):
    if not isinstance(body, (str, bytes)):
        body = b"\n".join(map(orjson.dumps, body))
    answer = person.client.post("/api/imports", data=body, headers=headers, query_string=query)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def state(person, import_id):
    answer = person.client.get(f"/api/imports/{import_id}")
    assert answer.status_code == 200
    return answer.json


def exported(person, name="items"):
    answer = person.client.get(f"/api/export/{name}.jsonl")
    return [json.loads(line) for line in answer.data.splitlines()]


def bookmarks(*links):
    return "\n".join(f'<DT><A HREF="{url}" {more}>{title}</A>' for url, title, more in links)


def counts(found):
    names = ("status", "total", "done", "added", "duplicates", "refused")
    return tuple(found[name] for name in names)
