"""Files in IPFS."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class IpfsFileArguments(Schema):
    """In which form to get a file."""

    format = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.OneOf(["raw", "car"]),
        metadata={
            "description": "`raw`: the block that the CID names; `car`: all blocks of the file, as"
            " a CARv1, by which anybody can verify the CID. By default the file itself."
        },
    )
