"""Uploads of archives over HTTP."""

from __future__ import annotations

PATH = "/api/imports/archive"
ZIP = {"Content-Type": "application/zip"}


def test_one_archive_of_a_user_is_imported_at_a_time(ana):
    begun = ana.post(PATH, data=b"PK", headers=ZIP)
    assert begun.status_code == 201, begun.json
    assert (begun.json["status"], begun.json["format"]) == ("restoring", "coffer")
    assert begun.headers["Location"] == f"/api/imports/{begun.json['id']}"
    again = ana.post(PATH, data=b"PK", headers=ZIP)
    assert (again.status_code, again.json["code"]) == (409, "import_in_progress")
    assert ana.get("/api/quota").json["used_bytes"] == 0
    assert ana.post(f"{begun.headers['Location']}/cancel").status_code == 200
    assert ana.post(PATH, data=b"PK", headers=ZIP).status_code == 201


def test_an_archive_that_is_too_large_or_no_zip_is_refused_before_it_is_received(make_app):
    app = make_app(archive_max_bytes=1000)
    client = app.test_client()
    client.environ_base["HTTP_X_DEV_USER_ID"] = "ana"
    large = client.post(PATH, data=b"x" * 200_000, headers=ZIP)
    assert (large.status_code, large.json["code"]) == (413, "body_too_large")
    other = client.post(PATH, data=b"x", headers={"Content-Type": "text/html"})
    assert (other.status_code, other.json["code"]) == (415, "unsupported_media_type")


def test_what_is_no_zip_file_inside_is_refused(ana):
    other = ana.post(PATH, data=b"false", headers=ZIP)
    assert (other.status_code, other.json["code"]) == (415, "unsupported_media_type")
    assert "not a ZIP file" in other.json["detail"]
