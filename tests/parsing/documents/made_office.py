"""Small office files: the parts that matter, zipped."""

from __future__ import annotations

from tests.parsing.documents.made import OOXML, content_types, zipped

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REFERENCES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = 'xmlns:w="w" xmlns:r="r" xmlns:mc="mc" xmlns:wps="wps" xmlns:a="a" xmlns:c="c"'
_CORE = (
    "<cp:coreProperties xmlns:cp='cp' xmlns:dc='dc' xmlns:t='t'><dc:title>On apples</dc:title>"
    "<dc:creator>Jane</dc:creator><cp:keywords>fruit</cp:keywords>"
    "<t:created>2024-03-01T10:11:12Z</t:created></cp:coreProperties>"
)


def relations(**related: str) -> str:
    """The relations of a part: by id, the kind and the target, separated by a space."""
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_REFERENCES}/{kind}" Target="{target}"/>'
        for name, (kind, target) in ((name, said.split()) for name, said in related.items())
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{lines}</Relationships>'


def ooxml(main: str, media_type: str, content: str, parts: dict[str, str | bytes]) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": content_types(main, OOXML + media_type),
            "_rels/.rels": relations(r1=f"officeDocument {main}", r2="core-properties core.xml"),
            "core.xml": _CORE,
            main: content,
            **parts,
        }
    )


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str, parts: dict[str, str | bytes] | None = None, **related: str) -> bytes:
    """A DOCX; `parts` are further files in `word/`, `related` goes to `relations`."""
    return ooxml(
        "word/document.xml",
        "wordprocessingml.document",
        f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        {
            "word/_rels/document.xml.rels": relations(**related),
            **{f"word/{name}": part for name, part in (parts or {}).items()},
        },
    )


def word_part(name: str, content: str) -> str:
    return f"<w:{name} {_W}>{content}</w:{name}>"


def slide(*texts: str, more: str = "") -> str:
    """A slide with a shape for each text."""
    shapes = "".join(
        f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        for text in texts
    )
    return f"<p:sld xmlns:p='p' xmlns:a='a' xmlns:r='r' xmlns:c='c'>{shapes}{more}</p:sld>"


def pptx(slides: dict[str, str], parts: dict[str, str | bytes] | None = None) -> bytes:
    """A PPTX of slides by file name, in the order in which they are shown."""
    listed = "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in range(len(slides)))
    related = {f"r{number}": f"slide slides/{name}.xml" for number, name in enumerate(slides)}
    return ooxml(
        "ppt/presentation.xml",
        "presentationml.presentation",
        f"<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst>{listed}</p:sldIdLst>"
        "</p:presentation>",
        {
            "ppt/_rels/presentation.xml.rels": relations(**related),
            **{f"ppt/slides/{name}.xml": content for name, content in slides.items()},
            **{f"ppt/{name}": part for name, part in (parts or {}).items()},
        },
    )


def xlsx(sheets: dict[str, str], parts: dict[str, str | bytes] | None = None) -> bytes:
    """An XLSX of sheets by name: each the XML inside a worksheet."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
    )
    related = {f"r{n}": f"worksheet worksheets/sheet{n}.xml" for n in range(1, len(sheets) + 1)}
    styles = (
        f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>"
    )
    return ooxml(
        "xl/workbook.xml",
        "spreadsheetml.sheet",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_REFERENCES}"><sheets>{listed}</sheets></workbook>',
        {
            "xl/_rels/workbook.xml.rels": relations(**related, rs="styles styles.xml"),
            "xl/styles.xml": styles,
            **{
                f"xl/worksheets/sheet{n}.xml": f'<worksheet xmlns="{_MAIN}">{content}</worksheet>'
                for n, content in enumerate(sheets.values(), 1)
            },
            **{f"xl/{name}": part for name, part in (parts or {}).items()},
        },
    )


def cells(*rows: str) -> str:
    """Sheet data of rows, each made of `<c>` elements."""
    lines = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(rows, 1))
    return f"<sheetData>{lines}</sheetData>"


def odf_content(body: str, kind: str = "text") -> str:
    return (
        "<office:document-content xmlns:office='o' xmlns:text='t' xmlns:table='tb' "
        "xmlns:draw='d' xmlns:svg='s' xmlns:style='st' xmlns:dc='dc' xmlns:meta='m'>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
