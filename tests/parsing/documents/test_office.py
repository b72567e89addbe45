from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.parsing.documents.made import odf, zipped
from tests.parsing.documents.made_office import (
    cells,
    docx,
    odf_content,
    paragraph,
    pptx,
    relations,
    slide,
    word_part,
    xlsx,
)
from tests.parsing.documents.reads import read, refused, texts

# ---- DOCX


def test_word_has_paragraphs_and_metadata() -> None:
    document = read(docx(paragraph("One") + paragraph("Two")))
    assert texts(document) == ["One\nTwo"]
    assert document.media.extension == ".docx"
    found = document.metadata
    assert (found.title, found.author, found.keywords) == ("On apples", "Jane", "fruit")
    assert found.created == datetime(2024, 3, 1, 10, 11, 12, tzinfo=UTC)


def test_word_is_parted_into_pages_as_it_was_last_printed() -> None:
    broken = (
        "<w:p><w:r><w:t>One</w:t><w:br w:type='page'/></w:r></w:p>"
        "<w:p><w:r><w:lastRenderedPageBreak/><w:t>Two</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>and a half</w:t><w:lastRenderedPageBreak/><w:t>Three</w:t></w:r></w:p>"
    )
    assert texts(read(docx(broken))) == ["One", "Two\nand a half", "Three"]


def test_words_headers_come_first_footers_last_and_each_once() -> None:
    parts: dict[str, str | bytes] = {
        "header1.xml": word_part("hdr", paragraph("Head")),
        "header2.xml": word_part("hdr", paragraph("Head")),
        "footer1.xml": word_part("ftr", paragraph("Foot")),
    }
    body = paragraph("One") + "<w:p><w:r><w:br w:type='page'/></w:r></w:p>" + paragraph("Two")
    related = {"a": "header header1.xml", "b": "header header2.xml", "c": "footer footer1.xml"}
    assert texts(read(docx(body, parts, **related))) == ["Head\nOne", "Two\nFoot"]


def test_words_notes_stand_on_the_page_that_refers_to_them() -> None:
    parts: dict[str, str | bytes] = {
        "footnotes.xml": word_part(
            "footnotes",
            "<w:footnote w:type='separator' w:id='0'/>"
            f"<w:footnote w:id='1'>{paragraph('The note')}</w:footnote>"
            f"<w:footnote w:id='2'>{paragraph('Nobody refers to it')}</w:footnote>",
        ),
        "comments.xml": word_part(
            "comments", f"<w:comment w:id='7'>{paragraph('A remark')}</w:comment>"
        ),
    }
    body = (
        "<w:p><w:r><w:t>One</w:t><w:footnoteReference w:id='1'/>"
        "<w:commentReference w:id='7'/><w:br w:type='page'/></w:r></w:p>"
    ) + paragraph("Two")
    document = read(docx(body, parts, a="footnotes footnotes.xml", b="comments comments.xml"))
    assert texts(document) == ["One\n\nThe note\nA remark", "Two\n\nNobody refers to it"]


def test_words_text_boxes_are_read_once() -> None:
    box = f"<wps:txbx><w:txbxContent>{paragraph('In a box')}</w:txbxContent></wps:txbx>"
    body = (
        "<w:p><w:r><w:t>Before</w:t><mc:AlternateContent>"
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    assert texts(read(docx(body))) == ["Before\nIn a box"]


def test_words_tables_are_lines_of_cells() -> None:
    def cell(text: str) -> str:
        return f"<w:tc>{paragraph(text)}</w:tc>"

    inner = f"<w:tbl><w:tr>{cell('x')}{cell('y')}</w:tr></w:tbl>"
    table = (
        f"<w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr>"
        f"<w:sdt><w:sdtContent><w:tr>{cell('c')}<w:tc>{inner}</w:tc></w:tr></w:sdtContent></w:sdt>"
        "</w:tbl>"
    )
    assert texts(read(docx(table))) == ["a\tb\nc\tx\ty"]


def test_what_was_deleted_in_word_is_gone_and_what_was_inserted_is_there() -> None:
    body = (
        "<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
        "<w:r><w:instrText>PAGE</w:instrText><w:tab/><w:t>end</w:t></w:r></w:p>"
    )
    assert texts(read(docx(body))) == ["new\tend"]


def test_words_lists_have_their_numbers() -> None:
    def level(number: int, form: str, pattern: str, start: int = 1) -> str:
        return (
            f"<w:lvl w:ilvl='{number}'><w:start w:val='{start}'/><w:numFmt w:val='{form}'/>"
            f"<w:lvlText w:val='{pattern}'/></w:lvl>"
        )

    numbering = word_part(
        "numbering",
        "<w:abstractNum w:abstractNumId='0'>"
        + level(0, "decimal", "%1.")
        + level(1, "lowerLetter", "%1.%2)")
        + level(2, "upperRoman", "%3", start=3)
        + "</w:abstractNum><w:abstractNum w:abstractNumId='1'>"
        + level(0, "bullet", "x")
        + "</w:abstractNum><w:num w:numId='5'><w:abstractNumId w:val='0'/></w:num>"
        "<w:num w:numId='6'><w:abstractNumId w:val='1'/></w:num>"
        "<w:num w:numId='7'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'>"
        "<w:startOverride w:val='1'/></w:lvlOverride></w:num>",
    )
    styles = word_part(
        "styles",
        "<w:style w:styleId='Listed'><w:pPr><w:numPr><w:numId w:val='5'/></w:numPr></w:pPr>"
        "</w:style><w:style w:styleId='Child'><w:basedOn w:val='Listed'/></w:style>",
    )

    def item(text: str, number: int, level: int) -> str:
        numbered = f"<w:ilvl w:val='{level}'/><w:numId w:val='{number}'/>"
        return paragraph(text, f"<w:numPr>{numbered}</w:numPr>")

    body = (
        item("one", 5, 0)
        + item("first", 5, 1)
        + item("second", 5, 1)
        + item("deep", 5, 2)
        + paragraph("two", "<w:pStyle w:val='Child'/>")
        + item("again first", 5, 1)
        + item("point", 6, 0)
        + item("anew", 7, 0)
    )
    parts: dict[str, str | bytes] = {"numbering.xml": numbering, "styles.xml": styles}
    document = read(docx(body, parts, a="numbering numbering.xml", b="styles styles.xml"))
    assert texts(document) == [
        "1. one\n1.a) first\n1.b) second\nIII deep\n2. two\n2.a) again first\n• point\n1. anew"
    ]


def test_words_charts_are_tables_and_what_is_embedded_is_attached() -> None:
    chart = (
        "<c:chart xmlns:c='c' xmlns:a='a'><c:title><a:p><a:t>Harvest</a:t></a:p></c:title><c:ser>"
        "<c:tx><c:v>Apples</c:v></c:tx><c:cat><c:v>May</c:v><c:v>June</c:v></c:cat>"
        "<c:val><c:v>1</c:v><c:v>2</c:v></c:val></c:ser></c:chart>"
    )
    body = "<w:p><w:r><w:drawing><c:chart r:id='a'/></w:drawing></w:r></w:p>"
    parts: dict[str, str | bytes] = {
        "charts/chart1.xml": chart,
        "embeddings/inner.docx": docx(paragraph("Inside")),
    }
    document = read(docx(body, parts, a="chart charts/chart1.xml"))
    assert texts(document) == ["Harvest\n\tMay\tJune\nApples\t1\t2"]
    (found,) = document.attachments
    assert (found.name, found.text) == ("inner.docx", "Inside")


# ---- PPTX


def test_slides_are_pages_in_the_order_in_which_they_are_shown() -> None:
    document = read(pptx({"slide2": slide("First", "and more"), "slide1": slide("Second")}))
    assert texts(document) == ["First\nand more", "Second"]
    assert document.media.kind == "slides"


def test_a_slide_has_its_notes_table_and_the_footer_of_its_master() -> None:
    table = (
        "<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>a</a:t></a:r></a:p></a:txBody></a:tc>"
        "<a:tc><a:txBody><a:p><a:r><a:t>b</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>"
    )

    def placeholder(kind: str, text: str) -> str:
        return (
            f"<p:sp><p:nvPr><p:ph type='{kind}'/></p:nvPr><p:txBody><a:p><a:r><a:t>{text}</a:t>"
            "</a:r></a:p></p:txBody></p:sp>"
        )

    related = relations(
        a="notesSlide ../notesSlides/notesSlide1.xml", b="slideLayout ../layouts/layout1.xml"
    )
    parts: dict[str, str | bytes] = {
        "slides/_rels/slide1.xml.rels": related,
        "slides/_rels/slide2.xml.rels": related,
        "notesSlides/notesSlide1.xml": slide(
            "Say this", more=placeholder("sldNum", "1") + placeholder("body", "And that")
        ),
        "layouts/layout1.xml": slide(
            more=placeholder("title", "Click to edit") + placeholder("ftr", "The firm")
        ),
    }
    slides = {"slide1": slide("Title", more=table), "slide2": slide("Other")}
    assert texts(read(pptx(slides, parts))) == [
        "Title\na\tb\nThe firm\nSay this\nAnd that",
        "Other\nSay this\nAnd that",
    ]


# ---- XLSX


def inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_sheets_are_pages_of_rows_with_plain_values() -> None:
    first = cells(
        inline("A1", "Name") + inline("B1", "Price"),
        inline("A2", "Apple") + '<c r="B2"><v>1599.9900000000000002</v></c>',
        '<c r="A3" s="1"><v>44197</v></c><c r="B3"><v>3</v></c><c r="C3" t="b"><v>1</v></c>',
        '<c r="A4" t="e"><v>#DIV/0!</v></c><c r="C4" t="e"><v>#REF!</v></c>',
    )
    document = read(xlsx({"Fruit": first, "Empty": cells()}))
    assert texts(document) == [
        "Fruit\nName\tPrice\nApple\t1599.99\n2021-01-01\t3\tTRUE\n#DIV/0!\t\t#REF!",
        "Empty",
    ]
    assert document.media.kind == "sheet"
    assert document.metadata.author == "Jane"


def test_errors_of_a_sheet_that_begins_elsewhere_stand_in_their_cells() -> None:
    rows = '<row r="4">' + inline("C4", "x") + '<c r="D4" t="e"><v>#N/A</v></c></row>'
    assert (
        texts(read(xlsx({"S": f"<sheetData>{rows}</sheetData>"})))[0].split("\n")[-1] == "x\t#N/A"
    )


def test_a_sheets_comments_and_headers_are_read_too() -> None:
    content = cells(inline("A1", "x")) + (
        '<headerFooter><oddHeader>&amp;L&amp;"Arial"Report&amp;C&amp;P</oddHeader></headerFooter>'
    )
    said = "<text><r><t>Check </t></r><r><t>me</t></r></text>"
    parts: dict[str, str | bytes] = {
        "worksheets/_rels/sheet1.xml.rels": relations(a="comments ../comments1.xml"),
        "comments1.xml": f"<comments><comment ref='A1'>{said}</comment></comments>",
    }
    assert texts(read(xlsx({"S": content}, parts))) == ["S\nx\n\nReport\nCheck me"]


# ---- OpenDocument


def test_opendocument_text_has_notes_spaces_and_breaks() -> None:
    body = (
        "<text:h>Head</text:h><text:p>a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Note"
        "</text:p></text:note-body></text:note></text:p>"
        "<text:p>e<text:soft-page-break/>f</text:p>"
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
    )
    document = read(odf("text", odf_content(body)))
    assert texts(document) == ["Head\na  b\tc\nd\ne\n\nNote", "f"]
    assert document.media.extension == ".odt"


@pytest.mark.long
def test_opendocument_sheets_are_as_they_are_shown_and_repeat_within_reason() -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    row = cell.format("", "a") + cell.format(" table:number-columns-repeated='2'", "1,5")
    body = (
        "<table:table table:name='Fruit'>"
        f"<table:table-row table:number-rows-repeated='2'>{row}</table:table-row>"
        "<table:table-row table:number-rows-repeated='1048576'><table:table-cell/>"
        "</table:table-row></table:table><table:table table:name='Vegetables'/>"
    )
    document = read(odf("spreadsheet", odf_content(body, "spreadsheet")))
    assert texts(document) == ["Fruit\na\t1,5\t1,5\na\t1,5\t1,5", "Vegetables"]
    bomb = body.replace("='2'>", "='999999999'>")
    assert len(read(odf("spreadsheet", odf_content(bomb, "spreadsheet"))).text) < 5_000_000


def test_opendocument_slides_are_pages() -> None:
    box = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    pages = "".join(f"<draw:page>{box.format(text)}</draw:page>" for text in ("One", "Two"))
    assert texts(read(odf("presentation", odf_content(pages, "presentation")))) == ["One", "Two"]


def test_an_encrypted_opendocument_says_so() -> None:
    manifest = (
        "<manifest><file-entry full-path='content.xml'><encryption-data/></file-entry></manifest>"
    )
    media_type = "application/vnd.oasis.opendocument.text"
    parts = {"mimetype": media_type, "content.xml": "?", "META-INF/manifest.xml": manifest}
    assert refused(zipped(dict(parts))) == "encrypted"


# ---- EPUB


def test_a_book_has_its_chapters_in_the_order_of_its_spine() -> None:
    package = (
        "<package xmlns:dc='dc'><metadata><dc:title>The book</dc:title><dc:creator>Jane"
        "</dc:creator></metadata><manifest><item id='a' href='one%20a.xhtml'/>"
        "<item id='b' href='two.xhtml'/></manifest><spine><itemref idref='b'/>"
        "<itemref idref='a'/></spine></package>"
    )
    book = zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<c><rootfile full-path='O/p.opf'/></c>",
            "O/p.opf": package,
            "O/one a.xhtml": "<!DOCTYPE html><html><body><p>One&nbsp;end</p></body></html>",
            "O/two.xhtml": "<html><head><title>x</title></head><body><p>Two</p></body></html>",
        }
    )
    document = read(book)
    assert texts(document) == ["Two", "One\N{NO-BREAK SPACE}end"]
    assert (document.metadata.title, document.metadata.author) == ("The book", "Jane")


# ---- what all of them refuse

LAUGHS = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document xmlns:w="w"/>'
STEALS = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"/>'


@pytest.mark.parametrize("content", [LAUGHS, STEALS])
def test_entities_are_refused(content: str) -> None:
    parts = {"[Content_Types].xml": "", "word/document.xml": content}
    assert refused(zipped(dict(parts))) == "damaged"


def test_what_inflates_to_more_than_is_taken_in_is_refused() -> None:
    bomb = zipped({"word/document.xml": b"<a>" + b" " * 1_000_000})
    assert refused(bomb, inflated=100_000) == "too_complex"


def test_what_is_nested_too_deeply_is_refused() -> None:
    assert refused(docx("<w:sdt>" * 400 + paragraph("x") + "</w:sdt>" * 400)) == "too_complex"


def test_a_zip_that_breaks_off_or_lost_its_main_part_is_damaged() -> None:
    whole = docx(paragraph("x"))
    assert refused(whole[: whole.index(b"PK\x01\x02")]) == "damaged"
    assert refused(zipped({"word/other.xml": "<a/>"})) == "damaged"
