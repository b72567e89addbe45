"""Items, tasks and tags; their search, imports and exports."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.library import (
    events,
    exports,
    imports,
    items,
    library,
    meaning,
    search,
    tags,
    tasks,
)
from webapp.http.errors import Problem, invalid_input

BLUEPRINTS: Final = (
    *(items.items, events.events, library.library, tags.tags, tasks.tasks),
    *(search.search, exports.exports, imports.imports),
)

INSTALLS: Final = (meaning.install,)

REFUSALS: Final = {
    "tags_name_is_unique_for_its_audience": Problem(
        409, "tag_exists", "Another tag has this name: merge the two."
    ),
    "tags_name_can_be_seen": invalid_input(("name", "Must not be blank.")),
    "items_document_exists": invalid_input(("document_id", "There is no such document here.")),
    "tasks_item_exists": invalid_input(("item_id", "There is no such item here.")),
    "tasks_document_exists": invalid_input(("document_id", "There is no such document here.")),
}
