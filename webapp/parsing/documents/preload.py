"""The imports of the fork server, so that its children need not open any more files."""

from __future__ import annotations

import contextlib
import email.generator
import email.message  # noqa: F401
import encodings
import html.entities  # noqa: F401
import importlib
import pkgutil
import xml.dom.expatbuilder  # noqa: F401
from datetime import datetime

import cryptography.hazmat.backends.openssl.backend  # noqa: F401
from PIL import Image

from webapp.parsing.charset import decode
from webapp.parsing.documents import mail
from webapp.parsing.documents.dispatch import read_inside
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
from webapp.parsing.documents.tasks import (  # noqa: F401
    attachment,
    check_patterns,
    extract,
    picture,
    propose,
    read,
    recognise,
    recognise_tables,
    tables,
)

Image.init()
for _module in pkgutil.iter_modules(encodings.__path__):
    with contextlib.suppress(ImportError, LookupError):  # some are for other systems
        importlib.import_module(f"encodings.{_module.name}")
_MAIL = b"""\
From: =?utf-8?q?J=C3=B6rg?= <a@b.example>
Date: Mon, 1 Jan 2024 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

J=C3=B6rg
--x
Content-Type: text/html
Content-Disposition: attachment; filename*=utf-8''a.html
Content-Transfer-Encoding: base64

PHA+YQ==
--x--
"""
# Imported only at first use.
mail.read(Source(_MAIL), Reading(read_inside=read_inside))
datetime.strptime("2024", "%Y")  # noqa: DTZ007
decode("Grüße aus Köln".encode("latin-1"), None)
