from __future__ import annotations

import json
import resource
from typing import Any

import pytest

from tests.clients.site import ARTICLE
from webapp.parsing import child, page
from webapp.parsing.charset import decode

URL = "http://a.example/"


def read(markup: str | bytes) -> dict[str, Any]:
    """Read a page in this process, which is faster, if it is not hostile."""
    if isinstance(markup, bytes):
        markup = decode(markup, None, markup=True)
    return page.read(markup, url=URL)


def document(body: str = "", head: str = "", attributes: str = "") -> str:
    return f"<!doctype html><html {attributes}><head>{head}</head><body>{body}</body></html>"


@pytest.mark.long
def test_an_article_gives_text_title_author_date_and_language() -> None:
    found = read(ARTICLE)
    text = found["text"] or ""
    assert found["title"] == "A good harvest"
    assert found["author"] == "Jane Doe"
    assert found["published_at"] == "2024-03-01T08:11:12+00:00"
    assert found["language"] == "en"
    assert text.split("\n\n")[-3:] == [
        "The apples came early this year, and there were more of them than anyone had expected.",
        "In the valley the pickers worked until dusk, and on some days well into the night.",
        "Prices fell by a third, which pleased the bakers and worried the growers.",
    ]
    assert "Home" not in text
    assert "privacy" not in text


@pytest.mark.long
def test_a_heading_and_three_paragraphs_are_enough() -> None:
    found = read("<title>Small</title><h1>Head</h1><p>One.</p><p>Two.</p><p>Three.</p>")
    assert found["text"] == "Head\n\nOne.\n\nTwo.\n\nThree."
    assert found["title"] in {"Small", "Head"}


@pytest.mark.long
def test_lists_and_tables_are_line_by_line() -> None:
    found = read(
        "<p>Before</p><ul><li>one</li><li><p>two</p></li></ul>"
        "<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><td>d</td></tr></table><p>After</p>"
    )
    assert found["text"] == "Before\n\n- one\n- two\n\na | b\nc | d\n\nAfter"


@pytest.mark.long
def test_what_stands_in_the_middle_of_an_article_is_not_lost() -> None:
    first = "Did they admit that, okay, here are the points that follow below, which matter a lot."
    last = "The others also asked researchers to explain all of this in every detail they know."
    points = ["could not use the first argument", "second argument stands as well", "no"]
    items = "".join(f"<li>{point}</li>" for point in points)
    links = "".join(f"<li><a href=/{n}>Another story about it {n}</a></li>" for n in range(9))
    body = f"<p>{first}</p><ul>{items}</ul><p>{last}</p><ul>{links}</ul><p>{first}</p>"
    listed = "\n".join(f"- {point}" for point in points)
    assert read(document(body))["text"] == f"{first}\n\n{listed}\n\n{last}\n\n{first}"


@pytest.mark.long
def test_line_breaks_in_the_source_are_not_paragraphs() -> None:
    found = read(document("<p>One line\n   and <b>the\n same</b>\nline<br> and the next</p>"))
    assert found["text"] == "One line and the same line\nand the next"


def test_scripts_styles_and_navigation_are_not_prose() -> None:
    found = read(
        document(
            "<script>var x = 1</script><style>p {}</style><nav>Menu</nav><noscript>No</noscript>"
            "<template>T</template><p>Prose</p><button>Buy</button><footer>Imprint</footer>"
        )
    )
    assert found["text"] == "Prose"


def test_text_in_structured_data_alone_is_found() -> None:
    prose = "The page itself is empty and is only filled by a script in the browser. " * 4
    data = json.dumps({"@type": "NewsArticle", "articleBody": prose})
    found = read(document(head=f'<script type="application/ld+json">{data}</script>'))
    assert found["text"] is not None
    assert found["text"].startswith("The page itself is empty")


@pytest.mark.parametrize("markup", ["", " \n ", "<html></html>", document("<img src=a.png>")])
def test_a_page_without_text_gives_none(markup: str) -> None:
    assert read(markup)["text"] == ""


@pytest.mark.long
def test_limits_on_text_title_and_author_hold() -> None:
    found = read(
        document(
            "".join(f"<p>{n} {'word ' * 100}</p>" for n in range(1500)),
            f"<title>{'t' * 1000}</title><meta name=author content='Jane {'d' * 1000}'>",
        )
    )
    assert len(found["text"] or "") in range(499_000, 500_001)
    assert len(found["title"] or "") <= 300
    assert len(found["author"] or "") <= 200


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2024-03-01T10:11:12+02:00", "2024-03-01T08:11:12+00:00"),
        ("2024-03-01T10:11:12Z", "2024-03-01T10:11:12+00:00"),
        ("2024-03-01T10:11:12", "2024-03-01T10:11:12+00:00"),
        ("2024-03-01", "2024-03-01T00:00:00+00:00"),
        ("2999-12-31", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_stated_date_becomes_utc_or_nothing(stated: str, expected: str | None) -> None:
    head = f'<meta property="article:published_time" content="{stated}">'
    assert read(document("<p>Text</p>", head))["published_at"] == expected


def test_a_date_in_structured_data_keeps_its_time() -> None:
    head = '<script type="application/ld+json">{"datePublished": "2024-03-01T10:11:12Z"}</script>'
    assert read(document("<p>Text</p>", head))["published_at"] == "2024-03-01T10:11:12+00:00"


@pytest.mark.parametrize(
    ("markup", "url", "expected"),
    [
        ('<meta name="dc.date" content="2024-03-01"><p>Text</p>', "", "2024-03-01"),
        ('<p class="entry-date">Posted on March 1, 2024</p><p>Text</p>', "", "2024-03-01"),
        ("<p>Text</p>", "2024/03/01/harvest.html", "2024-03-01"),
        ("<p>On 2024-03-01 it rained.</p>", "", None),
        ('<p class="update">' + "It rained on 2024-03-01. " * 10 + "</p>", "", None),
    ],
)
def test_a_day_is_taken_where_it_is_meant_as_the_pages_date(
    markup: str, url: str, expected: str | None
) -> None:
    found = page.read(document(markup), url=f"http://a.example/{url}")["published_at"]
    assert found == (expected and f"{expected}T00:00:00+00:00")


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("<title>Harvest | The Daily</title>", "<h1>A good harvest</h1>", "A good harvest"),
        (
            "<title>Harvest | The Daily</title>",
            "<h1>Keyboard shortcuts</h1>",
            "Harvest | The Daily",
        ),
        (
            "<title>Harvest</title><meta property=og:title content=Shared>",
            "<h1>Other</h1>",
            "Shared",
        ),
        ("<title>\n Harvest\n here </title>", "", "Harvest here"),
        ("", "<h1>A good harvest</h1>", "A good harvest"),
        ("<title>1984 - George Orwell</title>", "", "1984 - George Orwell"),
        ("<title>Posts &amp; rails — a story</title>", "", "Posts & rails — a story"),
        ("<title>Posts – My Blog</title>", "<h1>My Blog</h1><h2>Posts</h2>", "Posts"),
        ("<title>Posts – My Blog</title>", "<h1>My Blog</h1>", "Posts – My Blog"),
        (
            "<title>Posts - My Blog</title><meta property=og:site_name content='My Blog'>",
            "<h1>My Blog</h1>",
            "Posts",
        ),
        (
            "<title>My Blog | Posts</title><meta property=og:title content='My Blog'>"
            "<meta property=og:site_name content='My Blog'>",
            "",
            "Posts",
        ),
        ("<title>Fence posts | A</title>", "<h1>Fence posts</h1>", "Fence posts"),
        ("<title>Fence posts</title>", "<h1 hidden>Fence posts now</h1>", "Fence posts"),
        (
            "<title>Fence posts and how to set them</title>",
            "<h1>Information and resources</h1><h1>How to</h1>",
            "Fence posts and how to set them",
        ),
        ("<svg><title>Icon close</title></svg><title>Fence posts</title>", "", "Fence posts"),
        (
            "<title>x</title><meta property=og:title content='Tom &amp;amp; Ana&amp;#8217;s'>",
            "",
            "Tom & Ana’s",
        ),
        ("<title>کتاب\u200cهای خوب</title>", "", "کتاب\u200cهای خوب"),
        ("<title>क्\u200dष &zwj; 👩\u200d🚀</title>", "", "क्\u200dष \u200d 👩\u200d🚀"),
        ("<title>" + "Oak posts " * 12 + "</title>", "", ("Oak posts " * 12).strip()),
        ("<title>a.example | Posts</title>", "", "a.example | Posts"),
        ("<title>柵の柱の立て方 | 庭</title>", "<h1>柵の柱の立て方</h1>", "柵の柱の立て方"),
        ("", "", None),
    ],
)
def test_the_title_is_the_heading_that_fits_the_page(
    head: str, body: str, expected: str | None
) -> None:
    assert read(document(f"{body}<p>Some text.</p>", head))["title"] == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('lang="de"', "de"),
        ('lang="pt-BR"', "pt"),
        ('xml:lang="FR"', "fr"),
        ('lang="deu"', None),
        ('lang=""', None),
        ("", None),
    ],
)
def test_a_declared_language_is_iso_639_1_or_nothing(attributes: str, expected: str | None) -> None:
    assert read(document("<p>Text</p>", attributes=attributes))["language"] == expected


def test_clean_removes_what_the_database_and_readers_cannot_use() -> None:
    assert page.clean("a\0b\x07c\ud800d\x7f \r\ne\r\n\r\n\r\n\r\nf\u2028g") == "abcd\ne\n\nf\ng"


@pytest.mark.parametrize(
    "attributes",
    [
        "hidden",
        'aria-hidden="true"',
        'style="color: red; DISPLAY : none"',
        "style=visibility:hidden",
    ],
)
def test_what_is_not_shown_is_not_read(attributes: str) -> None:
    shown = "<p>The oak posts of the fence have to be ordered before Friday.</p>"
    assert read(document(f"{shown}<div {attributes}><p>secret words</p></div>"))["text"] == (
        "The oak posts of the fence have to be ordered before Friday."
    )


def test_a_page_that_a_script_shows_is_read_although_it_is_hidden() -> None:
    assert read(document("<div style='display:none'><p>All of the text is here.</p></div>"))[
        "text"
    ] == ("All of the text is here.")


@pytest.mark.long
def test_joiners_stay_in_words_and_emoji() -> None:
    text = "من کتاب\u200cهای خوب می\u200cخوانم 👩\u200d🚀. " * 30
    found = read(document(f"<article><p>{text}</p><p>{text.replace(chr(0x200C), '&zwnj;')}</p>"))
    assert (found["text"] or "").count("کتاب\u200cهای") >= 30
    assert "👩\u200d🚀" in (found["text"] or "")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<link rel=canonical href=/a>", {"canonical": "/a"}),
        ("<link rel='x Canonical' href=/a><base href=/b/>", {"canonical": "/a", "base": "/b/"}),
        ("<meta http-equiv=Refresh content='0;URL= \"/a?b=c\" '>", {"refresh": "/a?b=c"}),
        ("<meta http-equiv=refresh content='5, /a'>", {"refresh": "/a"}),
        ("<meta http-equiv=refresh content='60;url=/a'>", {}),
        ("<meta http-equiv=refresh content='0'>", {}),
        ("<meta http-equiv=refresh content='0; url='>", {}),
        ("<noscript><meta http-equiv=refresh content='0;url=/a'></noscript>", {}),
        ("<form><input type=Password></form>", {"asks_to_sign_in": True}),
    ],
)
def test_a_page_says_where_it_is_and_where_it_leads(head: str, expected: dict[str, object]) -> None:
    nothing = {"base": None, "canonical": None, "refresh": None, "asks_to_sign_in": False}
    found = read(document("<p>Text</p>", head))
    assert {name: found[name] for name in nothing} == nothing | expected


def test_nul_bytes_and_surrogates_in_a_page_do_no_harm() -> None:
    text = read(b"<p>One\0 two &#xD800; &#0; three \xff\xfe four</p>")["text"] or ""
    assert "\0" not in text
    text.encode()
    assert "three" in text


HOSTILE = {
    "nested": b"<p>Start</p>" + b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000,
    "nested inline": b"<p>Start</p>" + b"<b>" * 100_000,
    "nested lists": b"<p>Start</p>" + b"<ul><li>" * 20_000,
    "only brackets": b"<" * 5_000_000,
    "huge attribute": b"<p title='" + b"x" * 1_000_000 + b"'>Start</p>",
    "one long word": b"<p>" + b"x" * 1_000_000,
    "many elements": b"<p>Start</p>" + b"<i>x</i>" * 60_000,
    "entity bomb": (
        b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 50) for n in range(1, 30))
        + b']><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Start &a29;</p></body></html>'
    ),
    "file entity": (
        b'<!DOCTYPE html [<!ENTITY f SYSTEM "file:///etc/passwd">]><html><p>Start &f;</p></html>'
    ),
    "nested data": (
        b"<p>Start</p><script type='application/ld+json'>" + b'{"@graph":[' * 50_000 + b"</script>"
    ),
    "noise": bytes(range(256)) * 400,
}


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_in_text_and_in_time(name: str) -> None:
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    data = page.request(HOSTILE[name], url=URL, charset=None)
    found = json.loads(child.run("webapp.parsing.page", data, seconds=120, megabytes=512))
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.ru_utime - began.ru_utime < 8  # of CPU time, however busy the machine is
    assert len(found["text"]) <= 500_000
    assert "root:" not in found["text"]
    if b"Start" in HOSTILE[name]:
        assert "Start" in found["text"]


@pytest.mark.long
def test_a_page_that_takes_the_parser_too_long_is_cut_off() -> None:
    # libxml2 compares each attribute with all the ones before it.
    attributes = b" ".join(b"a%d=1" % n for n in range(300_000))
    data = page.request(b"<p " + attributes + b">x", url=URL, charset=None)
    with pytest.raises(child.ChildError) as caught:
        child.run("webapp.parsing.page", data, seconds=5, megabytes=512)
    assert caught.value.reason == "timeout"
