"""Small files of every kind, made here."""

import io
import zipfile

OOXML = "application/vnd.openxmlformats-officedocument."


def zipped(parts: dict[str, str | bytes], *, stored: tuple[str, ...] = ("mimetype",)) -> bytes:
    """A zip of these parts, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, how)
    return out.getvalue()


def content_types(main_part: str, main_type: str) -> str:
    return (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main_part}" ContentType="{main_type}.main+xml"/></Types>'
    )


def odf(kind: str, content: str, **parts: str) -> bytes:
    """An OpenDocument file; `kind` is `text`, `spreadsheet` or `presentation`."""
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
        "</manifest:manifest>"
    )
    named = {name.replace("_", ".", 1): part for name, part in parts.items()}
    return zipped(
        {
            "mimetype": media_type,
            "content.xml": content,
            **named,
            "META-INF/manifest.xml": manifest,
        }
    )
