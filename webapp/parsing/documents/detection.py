"""Detects a file's type from its content.

Never from what the sender says. The name's extension only decides between types that look alike:
Markdown, CSV, and a mail without the usual headers.

Reads at most about a megabyte, fully parses nothing and imports nothing heavy, so the web may use
it too. It also accepts just the beginning of a file, and is then less certain.
"""

import csv
import re
from typing import BinaryIO

from webapp.parsing.charset import wide_codec
from webapp.parsing.documents.media import BY_TYPE, Media
from webapp.parsing.documents.ole import SIGNATURE, OleFile
from webapp.parsing.documents.zip_listing import ZipListing, list_zip

_HEAD = 1 << 16
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"%!PS", "application/postscript"),
)
_HEIF = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}
_BMP_HEADERS = {bytes([size, 0, 0, 0]) for size in (12, 40, 52, 56, 64, 108, 124)}
_OFFICE_FOLDERS = {
    "word": "wordprocessingml.document",
    "xl": "spreadsheetml.sheet",
    "ppt": "presentationml.presentation",
}
_MAIN_PART = re.compile(rb'ContentType\s*=\s*"(application/[\w.+-]{1,120}?)\.main(?:\+xml)?"')
_ODF_ROOT = re.compile(
    rb'<[^>]{0,400}?full-path="/"[^>]{0,400}?media-type="([^"]{1,100})"'
    rb'|<[^>]{0,400}?media-type="([^"]{1,100})"[^>]{0,400}?full-path="/"'
)
_OLE_STREAMS = (
    ({"EncryptedPackage", "EncryptionInfo"}, "application/x-encrypted-office"),
    ({"__properties_version1.0"}, "application/vnd.ms-outlook"),
    ({"WordDocument"}, "application/msword"),
    ({"Workbook", "Book", "WORKBOOK", "BOOK"}, "application/vnd.ms-excel"),
    ({"PowerPoint Document"}, "application/vnd.ms-powerpoint"),
)
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]|<(?:head|body)[\s>]", re.IGNORECASE)
_SOME_HTML = re.compile(r"<(?:p|div|table|title|meta|h[1-6]|a|br|span|ul)\b", re.IGNORECASE)
_XML = re.compile(r"<\?xml\s|<[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_SVG = re.compile(r"<svg[\s>]", re.IGNORECASE)
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,80}):(?:[ \t]|$)")
_MAIL_HEADERS = frozenset(
    "from received return-path mime-version message-id delivered-to reply-to".split()
)
# Control characters that no text has; tab, line ends, form feed and escape may occur.
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1b"))


def detect(file: BinaryIO, name: str = "") -> Media:
    """The type of `file`; `name` is what its owner calls it. Leaves the file's position
    undefined."""
    return BY_TYPE[_type(file, name.rpartition(".")[2].lower() if "." in name else "")]


def _type(file: BinaryIO, ending: str) -> str:
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        return "application/x-empty"
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _zip_type(list_zip(file))
    if head.startswith(SIGNATURE):
        return _ole_type(file)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return _HEIF[head[8:12]]
    if head[:2] == b"BM" and head[14:18] in _BMP_HEADERS:
        return "image/bmp"
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head[:5].lower() == b"{\\rtf":
        return "application/rtf"
    return _text_type(head, ending)


def _zip_type(listing: ZipListing) -> str:
    stated = listing.part("mimetype")[:100].decode("ascii", "replace").strip()
    if stated in BY_TYPE:
        return stated
    for main in _MAIN_PART.finditer(listing.part("[Content_Types].xml")):
        found = main[1].decode().replace("macroEnabledTemplate", "macroEnabled")
        found += ".12" if found.endswith(".macroEnabled") else ""
        if found in BY_TYPE:
            return found
    for name in listing.offsets:
        folder, _, rest = name.replace("\\", "/").lstrip("/").lower().partition("/")
        if rest and folder in _OFFICE_FOLDERS:
            return "application/vnd.openxmlformats-officedocument." + _OFFICE_FOLDERS[folder]
    if root := _ODF_ROOT.search(listing.part("META-INF/manifest.xml")):
        stated = (root[1] or root[2]).decode("ascii", "replace")
        if stated in BY_TYPE:
            return stated
    return (
        "application/epub+zip" if "META-INF/container.xml" in listing.offsets else "application/zip"
    )


def _ole_type(file: BinaryIO) -> str:
    try:
        names = {entry.name for entry in OleFile(file).entries}
    except ValueError:
        names = set()
    for streams, found in _OLE_STREAMS:
        if streams & names:
            return found
    return "application/x-ole-storage"


def _text_type(head: bytes, ending: str) -> str:
    # Only to inspect: every byte is a character, and what counts here is ASCII.
    text = head.decode(wide_codec(head) or "latin-1", "replace").lstrip("\ufeffï»¿ \r\n\t")
    printed = text.encode("latin-1", "replace").translate(None, _CONTROLS)
    if "\0" in text or len(text) - len(printed) > len(text) // 50:
        return "application/octet-stream"
    if _HTML.match(text) or (_XML.match(text) and _HTML.search(text, 0, 1024)):
        return "text/html"
    if ending in {"html", "htm", "xhtml"} and _SOME_HTML.search(text):
        return "text/html"
    if _is_mail(text):
        return "multipart/related" if ending in {"mht", "mhtml"} else "message/rfc822"
    if ending in {"eml", "md", "markdown", "csv", "tsv"}:
        endings = {"eml": "message/rfc822", "csv": "text/csv", "tsv": "text/tab-separated-values"}
        return endings.get(ending, "text/markdown")
    if _XML.match(text):
        return "image/svg+xml" if _SVG.search(text, 0, 4096) else "application/xml"
    if delimiter := delimiter_of(text):
        return "text/tab-separated-values" if delimiter == "\t" else "text/csv"
    return "text/plain"


def _is_mail(text: str) -> bool:
    """Whether a text begins with headers, one of which only mails have."""
    names = []
    for line in text[:8192].splitlines():
        if header := _HEADER.match(line):
            names.append(header[1].lower())
        elif line[:1] not in {" ", "\t"} and not (line.startswith("From ") and not names):
            break
    return len(names) >= 2 and any(name in _MAIL_HEADERS or name.startswith("x-") for name in names)


def delimiter_of(text: str) -> str | None:
    """The delimiter of a table written as text, if nearly all lines have the same number of
    columns.

    Commas also occur in prose and in programs: they require three columns.
    """
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if len(text) >= _HEAD // 4:
        lines = lines[:-1]  # it may be cut off
    best, widest = None, 1
    for delimiter in ",;\t|" if len(lines) >= 3 else "":
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=0)
        fewest = 3 if delimiter == "," else 2
        if usual > widest and usual >= fewest and widths.count(usual) >= 0.9 * len(widths):
            best, widest = delimiter, usual
    return best
