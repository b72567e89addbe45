"""Fields and schemas that every noun shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate

from webapp.rules.mail_address import address_of
from webapp.rules.names import is_blank, tag_name

MAX_URL: Final = 2048

_FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT: Final = datetime(2199, 12, 31, tzinfo=UTC)


class Trimmed(fields.String):
    """A string with surrounding white space removed; empty if nobody can see anything in it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *args, **kwargs)).strip()
        return "" if is_blank(text) else text


class TagName(Trimmed):
    """A tag's name, as it is kept."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return tag_name(super()._deserialize(value, *args, **kwargs))


class Clearable(Trimmed):
    """A text that null or an empty string clears."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super().deserialize("" if value is None else value, *args, **kwargs)


class Flag(fields.Boolean):
    """JSON's true or false and nothing similar."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class ShortList(fields.List[Any]):
    """A list whose length is checked before its entries: a million wrong ones cost nothing."""

    def __init__(self, entries: fields.Field[Any], *, most: int, **kwargs: Any) -> None:
        super().__init__(entries, validate=validate.Length(max=most), **kwargs)
        self._most = most

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self._most:
            raise ValidationError(f"Longer than maximum length {self._most}.")
        return super()._deserialize(value, *args, **kwargs)


MOST_AT_ONCE: Final = 500


class SeveralIds(Schema):
    """Several things."""

    ids = ShortList(fields.UUID(), most=MOST_AT_ONCE, required=True)


class Changed(Schema):
    """The result for one of several things."""

    id = fields.UUID(required=True)
    result = fields.String(
        required=True, validate=validate.OneOf(("done", "not_allowed", "not_found"))
    )


class ChangedSeveral(Schema):
    """The result for each, in the given order."""

    items = fields.List(fields.Nested(Changed), required=True)


def text(shortest: int, longest: int, **kwargs: Any) -> Trimmed:
    """A trimmed string with its bounds in characters."""
    if shortest == longest:
        return Trimmed(validate=validate.Length(equal=longest), **kwargs)
    return Trimmed(validate=validate.Length(shortest, longest), **kwargs)


def tag(**kwargs: Any) -> TagName:
    """The name of a tag; the sign that marks one does not belong to it."""
    return TagName(validate=validate.Length(1, 50), **kwargs)


def visible(error: str) -> validate.Regexp:
    """Validates that there is something to see in a text that is not trimmed."""
    return _Visible(r"[\s\S]*\S", error=error)


class _Visible(validate.Regexp):
    """Its pattern is what clients are told."""

    def __call__(self, value: str) -> str:  # type: ignore[override]
        if is_blank(value):
            raise ValidationError(self._format_error(value))
        return value


def web_address(value: str) -> None:
    """Validate an absolute http or https URL without credentials.

    Overlong ones must be refused elsewhere: Python sorts the accents of a host in quadratic time.
    """
    if len(value) > MAX_URL:
        return
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValidationError("Not a valid URL.") from None
    if parts.scheme not in ("http", "https"):
        raise ValidationError("Must begin with http:// or https://.")
    if not host or any(character.isspace() or not character.isprintable() for character in value):
        raise ValidationError("Not a valid URL.")
    if parts.username is not None or parts.password is not None:
        raise ValidationError("Must not contain a user name or a password.")


class MailAddress(Trimmed):
    """An address that mail can be sent to, in its stored form."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        found = address_of(super()._deserialize(value, *args, **kwargs)[:1000])
        if found is None:
            raise ValidationError("Not a valid mail address.")
        return found


def email() -> MailAddress:
    """A mail address."""
    return MailAddress(
        required=True,
        metadata={"format": "email", "maxLength": 254, "example": "ana@example.com"},
    )


def page_of(entry: type[Schema]) -> type[Schema]:
    """The schema of a page of a list."""
    made = Schema.from_dict(
        {
            "items": fields.List(fields.Nested(entry), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=f"{entry.__name__}Page",
    )
    made.__doc__ = f"A page of a list of {entry.__name__}."
    return made


def moment(*, last: datetime = _LAST_MOMENT, **kwargs: Any) -> fields.AwareDateTime:
    """A time that database, calendar and JSON can all represent, whatever its zone."""
    return fields.AwareDateTime(
        default_timezone=UTC, validate=validate.Range(_FIRST_MOMENT, last), **kwargs
    )


class PageArguments(Schema):
    """Which page of a list."""

    limit = fields.Integer(
        load_default=20,
        validate=validate.Range(1, 100),
        metadata={"description": "The maximum number of entries."},
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(max=2000),
        metadata={"description": "`next_cursor` of the previous page, unchanged."},
    )


class Mistake(Schema):
    """One mistake in the input."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ProblemAnswer(Schema):
    """Every error: RFC 9457 with a stable `code`."""

    class Meta:
        unknown = "include"

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; branch on it."})
    requestId = fields.String(required=True)  # noqa: N815  # as problems have had it from the start
    errors = fields.List(fields.Nested(Mistake), metadata={"description": "For input errors."})
    current_status = fields.String(
        metadata={"description": "For a transition that is not allowed."}
    )
    allowed_actions = fields.List(fields.String())
