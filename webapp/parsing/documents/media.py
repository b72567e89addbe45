"""File types: their media types, what people call them, and their extensions."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pdf", "text", "sheet", "slides", "mail", "page", "book", "image", "other"]


@dataclass(frozen=True, slots=True)
class Media:
    """A file's type. `type` is its media type, `kind` what a person would search for, and
    `extension` the end of its name, including the dot ("" if there is no common one)."""

    type: str
    kind: Kind
    extension: str

    @property
    def can_be_read(self) -> bool:
        """Whether there is a reader for it. An office file in an envelope has one as soon as its
        password is known."""
        return self.type not in _UNREADABLE


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

_ALL: tuple[tuple[Kind, dict[str, str]], ...] = (
    ("pdf", {"application/pdf": ".pdf"}),
    (
        "text",
        {
            _OOXML + "wordprocessingml.document": ".docx",
            _OOXML + "wordprocessingml.template": ".dotx",
            "application/vnd.ms-word.document.macroEnabled.12": ".docm",
            "application/vnd.ms-word.template.macroEnabled.12": ".dotm",
            "application/msword": ".doc",
            _ODF + "text": ".odt",
            _ODF + "text-template": ".ott",
            "application/rtf": ".rtf",
            "text/plain": ".txt",
            "text/markdown": ".md",
            "application/xml": ".xml",
        },
    ),
    (
        "sheet",
        {
            _OOXML + "spreadsheetml.sheet": ".xlsx",
            _OOXML + "spreadsheetml.template": ".xltx",
            "application/vnd.ms-excel.sheet.macroEnabled.12": ".xlsm",
            "application/vnd.ms-excel.template.macroEnabled.12": ".xltm",
            "application/vnd.ms-excel.sheet.binary.macroEnabled.12": ".xlsb",
            "application/vnd.ms-excel": ".xls",
            _ODF + "spreadsheet": ".ods",
            _ODF + "spreadsheet-template": ".ots",
            "text/csv": ".csv",
            "text/tab-separated-values": ".tsv",
        },
    ),
    (
        "slides",
        {
            _OOXML + "presentationml.presentation": ".pptx",
            _OOXML + "presentationml.slideshow": ".ppsx",
            _OOXML + "presentationml.template": ".potx",
            "application/vnd.ms-powerpoint.presentation.macroEnabled.12": ".pptm",
            "application/vnd.ms-powerpoint.slideshow.macroEnabled.12": ".ppsm",
            "application/vnd.ms-powerpoint.template.macroEnabled.12": ".potm",
            "application/vnd.ms-powerpoint": ".ppt",
            _ODF + "presentation": ".odp",
            _ODF + "presentation-template": ".otp",
        },
    ),
    ("mail", {"message/rfc822": ".eml", "application/vnd.ms-outlook": ".msg"}),
    ("page", {"text/html": ".html", "multipart/related": ".mhtml"}),
    ("book", {"application/epub+zip": ".epub"}),
    (
        "image",
        {
            "image/png": ".png",
            "image/jpeg": ".jpg",
            "image/gif": ".gif",
            "image/webp": ".webp",
            "image/tiff": ".tif",
            "image/bmp": ".bmp",
            "image/avif": ".avif",
            "image/heic": ".heic",
            "image/svg+xml": ".svg",
            _ODF + "graphics": ".odg",
        },
    ),
    (
        "other",
        {
            "application/x-encrypted-office": "",  # encrypted OOXML: the kind is not visible
            "application/x-ole-storage": "",
            "application/zip": ".zip",
            "application/gzip": ".gz",
            "application/x-7z-compressed": ".7z",
            "application/vnd.rar": ".rar",
            "application/x-tar": ".tar",
            "application/postscript": ".ps",
            "application/x-empty": "",
            "application/octet-stream": "",
        },
    ),
)
_UNREADABLE = {
    *("application/msword", "application/vnd.ms-powerpoint", "application/zip"),
    *("application/gzip", "application/x-7z-compressed", "application/vnd.rar"),
    *("application/x-tar", "application/postscript", "application/x-empty"),
    "application/octet-stream",
}
BY_TYPE = {
    media_type: Media(media_type, kind, extension)
    for kind, types in _ALL
    for media_type, extension in types.items()
}
