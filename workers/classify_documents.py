"""Classify documents: title, summary, category, correspondent, date, folder and tags.

Rules of the workspace come first, then what was learned from corrections, then the headers of a
mail, then the AI provider, then the text itself; the first that gives a field wins. What is sure is
applied at once, what is likely is suggested. What a person wrote is never overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.ai.contract import Known
from webapp.clients.ai.extractive import ExtractiveProvider
from webapp.filing.ai_providers import AIProviders, applying_to
from webapp.reading.tag_shortlist import shortlist
from webapp.rules.document_date import date_of
from webapp.rules.filing import given_by
from webapp.rules.first_line import first_line_with_a_word
from webapp.rules.learned import learned_from
from webapp.rules.mail_head import head_of
from webapp.rules.names import fold
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.ai.contract import Description, Provider
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# From this confidence on a value is applied, and from this one on it is suggested. Rules are sure,
# and so are titles and summaries, since a mistake in them does no harm.
SURE: Final = 0.95
LIKELY: Final = 0.7
# What was learned must be surer: it has been wrong about documents of a kind it did not know.
SURE_IF_LEARNED: Final = 0.99

# How sure a correspondent is that is new to the workspace.
_NEW: Final = 0.8
# It may be tomorrow already where a mail comes from.
_ZONES: Final = timedelta(days=1)

# As many names as fit into a prompt without drowning the text, and the tags they are chosen from.
_MOST_NAMES: Final = 100
_MOST_TAGS: Final = 2000
_MOST_SUGGESTED_TAGS: Final = 5


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The AI providers."""

    providers: AIProviders

    def close(self) -> None:
        self.providers.close()


class Result(NamedTuple):
    """A value for a field, how sure it is, where it comes from, and whether it is applied."""

    field: str
    value: str
    confidence: float
    source: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Classified:
    """What was found for a text, and the words by which the document is known."""

    text_id: UUID
    digest: bytes
    words: list[str]
    results: list[Result]


def open_clients(settings: Settings) -> Outside:
    return Outside(AIProviders(settings, transactions_of("classify_documents", settings)))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    documents = queries.classification.load(conn, ids=[job.subject_id for job in jobs])
    workspace_ids = list({each["workspace_id"] for each in documents})
    if not workspace_ids:
        return {}
    rules: dict[UUID, list[Row]] = {}
    for rule in queries.rules.active(conn, workspace_ids=workspace_ids, to="documents"):
        rules.setdefault(rule["workspace_id"], []).append(rule)
    known = queries.classification.known(
        conn, workspace_ids=workspace_ids, most_labels=_MOST_NAMES, most_tags=_MOST_TAGS
    )
    names = {each["id"]: each for each in known}
    providers = applying_to(conn, workspace_ids)
    return {
        each["id"]: each
        | {
            "rules": rules.get(each["workspace_id"], []),
            "known": names[each["workspace_id"]],
            "ai_provider": providers.get(each["workspace_id"]),
        }
        for each in documents
    }


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.classification.is_wanted(conn, ids=[job.subject_id for job in jobs]))


def classify(document: Row, clients: Outside) -> Classified:
    """The work itself. Raises AIError."""
    progress.report(0, None, doing="classifying")
    return _classified(document, clients.providers.provider(document["ai_provider"]))


def _classified(document: Row, provider: Provider) -> Classified:
    results = [*_by_rules(document), *_by_learning(document), *_by_headers(document)]
    if _text_for(provider, document).strip():
        results += _by_text(document, _described(document, provider), provider)
    if document["is_edited_outside"]:
        results = [*map(_for_members, results)]
    return Classified(
        document["text_id"],
        document["digest"],
        document["words"],
        list(_best(results)),
    )


def _for_members(result: Result) -> Result:
    """What comes from the workspace's rules, decisions and names is only suggested, for a document
    that somebody else may edit: they could ask for each by a text made for it."""
    is_of_text = (
        result.source == "text"
        or result.field in ("title", "summary")
        or (result.source == "header" and result.field == "dated_on")
    )
    return result if is_of_text else result._replace(is_sure=False)


def _by_rules(document: Row) -> Iterator[Result]:
    for given in given_by(document["rules"], document):
        yield Result(given.field, given.value, 1.0, "rule", is_sure=True)


def _by_learning(document: Row) -> Iterator[Result]:
    for each in learned_from(document["learned"]):
        is_sure = each.confidence >= SURE_IF_LEARNED
        yield Result(each.field, each.value, each.confidence, "learned", is_sure)


def _by_headers(document: Row) -> Iterator[Result]:
    """Who sent a mail, and when. A sender is only sure if the workspace knows it: it may as well be
    a scanner, or whoever forwarded the mail."""
    if document["kind"] != "mail":
        return
    head = head_of(document["text"])
    if head.sender is not None:
        sender = fold(head.sender)
        known = [each for each in document["known"]["correspondents"] if fold(each) == sender]
        yield _by("header", "correspondent", *((known[0], SURE) if known else (head.sender, _NEW)))
    if head.day is not None and head.day <= document["created_at"].date() + _ZONES:
        yield _by("header", "dated_on", head.day.isoformat(), 1.0)


def _text_for(provider: Provider, document: Row) -> str:
    """A model knows headers when it sees them; for what takes sentences from the text, they are
    none."""
    text: str = document["text"]
    return head_of(text).body if document["kind"] == "mail" and provider.source == "text" else text


def _described(document: Row, provider: Provider) -> Description:
    text, known = _text_for(provider, document), document["known"]
    return provider.describe(
        text,
        name=document["name"],
        title=document["title"] if _has_own_title(document) else None,
        known=Known(
            categories=known["categories"],
            correspondents=known["correspondents"],
            tags=shortlist(known["tags"], text, most=_MOST_NAMES),
        ),
    )


def _has_own_title(document: Row) -> bool:
    """Whether its file says its title. One that is only the first line says less than one made from
    the whole text."""
    title = document["title"]
    return not document["has_made_title"] and title != first_line_with_a_word(document["text"])


def _by_text(document: Row, described: Description, provider: Provider) -> Iterator[Result]:
    """What an AI provider tells, or its offline twin, and the date in the text."""
    source, enrichment = provider.source, described.enrichment
    if source == "ai" or not _has_own_title(document):
        yield Result("title", enrichment.title, 1.0, source, is_sure=True)
    yield Result("summary", enrichment.summary, 1.0, source, is_sure=True)
    for field, guess in (
        ("category", described.category),
        ("correspondent", described.correspondent),
    ):
        if guess is not None:
            yield _by(source, field, guess.name, guess.confidence)
    for tag in enrichment.tags:
        # A tag is one of many that would do, so none is ever sure.
        yield Result("tag", tag.name, tag.confidence, source, is_sure=False)
    latest = document["created_at"].date()
    # What the text itself says of its day is surer than a model that read it.
    dated = date_of(document["text"], latest, document["language"])
    told = described.dated_on
    if told is not None and told.day <= latest and (dated is None or dated.confidence < SURE):
        yield _by(source, "dated_on", told.day.isoformat(), told.confidence)
    if dated is not None:
        yield _by("text", "dated_on", dated.day.isoformat(), dated.confidence)


def _by(source: str, field: str, value: str, confidence: float) -> Result:
    return Result(field, value, confidence, source, is_sure=confidence >= SURE)


def _best(results: Iterable[Result]) -> Iterator[Result]:
    """The first likely result for each field, and the first likely tags."""
    fields, tags = set[str](), set[str]()
    for result in results:
        if result.confidence < LIKELY:
            continue
        if result.field == "tag":
            if fold(result.value) not in tags and (
                result.is_sure or len(tags) < _MOST_SUGGESTED_TAGS
            ):
                tags.add(fold(result.value))
                yield result
        elif result.field not in fields:
            fields.add(result.field)
            yield result


def save(conn: Connection, job: Job, found: Classified) -> bool:
    sure_tags = [each.value for each in found.results if each.field == "tag" and each.is_sure]
    if sure_tags:
        queries.tags.make(conn, workspace_id=job.workspace_id, names=sure_tags)
    saved = queries.classification.save(
        conn,
        id=job.subject_id,
        text_id=found.text_id,
        digest=found.digest,
        results=Jsonb([result._asdict() for result in found.results]),
    )
    for document in saved:  # one, unless it no longer needs it
        kept = document["kept"]
        workspace_id = document["workspace_id"]
        tags = [each["value"] for each in kept if each["field"] == "tag" and each["is_sure"]]
        if tags:
            queries.documents.tag(
                conn, workspace_id=workspace_id, document_ids=[job.subject_id], names=tags
            )
        queries.classification.keep_words(
            conn, id=job.subject_id, workspace_id=workspace_id, words=found.words
        )
        queries.events.record(
            conn,
            workspace_id=workspace_id,
            entity="document",
            entity_id=job.subject_id,
            event="document.classified",
            payload=Jsonb(
                {
                    "applied": {each["field"]: each["source"] for each in kept if each["is_sure"]},
                    "suggested": {
                        each["field"]: each["source"] for each in kept if not each["is_sure"]
                    },
                }
            ),
        )
    return bool(saved)


def give_up(conn: Connection, job: Job, error: str) -> None:  # noqa: ARG001
    """The AI provider failed for good: classify by everything else. An operator may still retry."""
    for document in load(conn, [job]).values():
        found = _classified(document, ExtractiveProvider())
        # It has been classified, though not for good: no text has this digest.
        save(conn, job, replace(found, digest=b""))


classify_documents = Kind(
    name="classify_documents",
    entity="document",
    open_clients=open_clients,
    load=load,
    still_wanted=still_wanted,
    work=classify,
    save=save,
    give_up=give_up,
    # The lease is longer than the provider's 60 s.
    delays=(0, 30, 300),
    lease=120,
)

command = command_for([classify_documents], __doc__)

if __name__ == "__main__":
    command()
