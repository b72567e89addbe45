"""Enrich items: fetch an article's page, then find a title, a summary and tags.

What a person wrote is never overwritten, and what was found before only by what is found now. An
item that was confirmed or discarded in the meantime stays that; a confirmed one still gets what was
found. The workspace's rules for items apply to what is known of an item then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.public.gate import Gate
from webapp.clients.web.fetcher import PageFetcher, check_reader
from webapp.filing import item_rules
from webapp.filing.ai_providers import AIProviders, applying_to
from webapp.reading.tag_shortlist import shortlist
from webapp.rules.page_addresses import other_addresses
from webapp.rules.same_page import page_hash
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.ai.contract import Enrichment
    from webapp.clients.web.contract import Page
    from webapp.settings import Settings
    from workers.engine.job import Job

    Item = dict[str, Any]

# As many of the workspace's tags as fit into a prompt without drowning the text, and the number
# that they are chosen from.
_KNOWN_TAGS = 100
_MOST_TAGS = 2000


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The web and the AI providers."""

    pages: PageFetcher
    providers: AIProviders

    def close(self) -> None:
        self.pages.close()
        self.providers.close()


@dataclass(frozen=True, slots=True)
class Enriched:
    """What was found: the page, if there is one, the provider's result, and its source."""

    page: Page | None
    enrichment: Enrichment
    source: str
    # of the page, besides the item's: see `other_addresses`
    addresses: Mapping[str, str] = field(default_factory=dict)


def open_clients(settings: Settings) -> Outside:
    gate = Gate(allow_loopback=settings.fetch_allow_loopback)
    providers = AIProviders(settings, transactions_of("enrich_items", settings))
    return Outside(PageFetcher(gate), providers)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Item]:
    items = queries.items.load_for_enrichment(
        conn, ids=[job.subject_id for job in jobs], most_tags=_MOST_TAGS
    )
    providers = applying_to(conn, list({item["workspace_id"] for item in items}))
    return {
        item["id"]: item | {"ai_provider": providers.get(item["workspace_id"])} for item in items
    }


def enrich(item: Item, clients: Outside) -> Enriched:
    """The work itself. Raises FetchError and AIError."""
    page, addresses = None, {}
    if item["source_type"] == "article" and item["source_url"]:
        reading = partial(progress.report, 0, 2, doing="reading the page")
        reading()
        page = clients.pages.fetch(item["source_url"], on_wait=reading)
        addresses = other_addresses(
            *(item["source_url"], page.url, page.canonical), asks_to_sign_in=page.asks_to_sign_in
        )
    progress.report(1, 2, doing="finding title, summary and tags")
    texts = [item["raw_text"], page.text if page else None]
    text = "\n\n".join(text for text in texts if text) or item["source_url"]
    title = item["title"] or (page.title if page else None)
    known = shortlist(item["known_tags"], f"{title or ''}\n{text}", most=_KNOWN_TAGS)
    provider = clients.providers.provider(item["ai_provider"])
    enrichment = provider.enrich(text, title=title, known_tags=known)
    return Enriched(page, enrichment, provider.source, addresses)


def save(conn: Connection, job: Job, found: Enriched) -> bool:
    page, enrichment = found.page, found.enrichment
    rules = item_rules.of_workspace(conn, job.workspace_id)
    saved: int = queries.items.save_enrichment(
        conn,
        id=job.subject_id,
        title=enrichment.title,
        summary=enrichment.summary,
        language=enrichment.language or (page.language if page else None),
        author=page.author if page else None,
        published_at=page.published_at if page else None,
        content=page.text if page else None,
        names=[tag.name for tag in enrichment.tags],
        confidences=[tag.confidence for tag in enrichment.tags],
        source=found.source,
        page_hashes=[page_hash(url) for url in found.addresses],
        urls=list(found.addresses),
        found_by=list(found.addresses.values()),
    )
    item_rules.apply(conn, job.workspace_id, rules, [job.subject_id])
    return saved > 0


def give_up(conn: Connection, job: Job, error: str) -> None:
    rules = item_rules.of_workspace(conn, job.workspace_id)
    queries.items.fail(conn, id=job.subject_id, error=error)
    item_rules.apply(conn, job.workspace_id, rules, [job.subject_id])


def revive(conn: Connection, item_id: UUID) -> bool:
    return bool(
        queries.items.retry(conn, id=item_id)
        or queries.items.enrich_again(conn, id=item_id, status="confirmed", event="item.retried")
    )


enrich_items = Kind(
    name="enrich_items",
    entity="item",
    check=check_reader,
    open_clients=open_clients,
    load=load,
    work=enrich,
    save=save,
    give_up=give_up,
    # The lease is longer than the page's 10 s, its parser's 15 s and the provider's 60 s.
    delays=(0, 30, 300),
    lease=120,
    revive=revive,
)

command = command_for([enrich_items], __doc__)

if __name__ == "__main__":
    command()
