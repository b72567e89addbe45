"""Opens office files that are encrypted as a whole, with their password."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
from msoffcrypto.format.ooxml import OOXMLFile

from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from webapp.parsing.documents.source import Source

MEDIA_TYPE = "application/x-encrypted-office"


def decrypted(source: Source, password: str | None) -> bytes:
    """The file inside. Raises DocumentError `encrypted` without the right password."""
    if password is None:
        raise DocumentError("encrypted")
    opened = io.BytesIO()
    try:
        file = OOXMLFile(source.open())
        file.load_key(password=password, verify_password=True)
        file.decrypt(opened)
    except InvalidKeyError as error:
        raise DocumentError("encrypted") from error
    except (DecryptionError, FileFormatError, ParseError) as error:
        raise DocumentError("damaged") from error
    return opened.getvalue()
