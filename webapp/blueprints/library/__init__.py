"""Items, tasks, tags, folders, feeds and rules; their search, imports and exports."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.library import (
    archive_imports,
    archives,
    events,
    exports,
    feeds,
    folder_items,
    folders,
    imports,
    items,
    library,
    meaning,
    rules,
    saved_searches,
    search,
    tags,
    tasks,
)
from webapp.blueprints.library.annotations import noted
from webapp.http.errors import Problem, invalid_input

BLUEPRINTS: Final = (
    *(items.items, noted, events.events, library.library, tags.tags, tasks.tasks),
    *(folders.folders, folder_items.folder_items),
    *(search.search, saved_searches.saved_searches, exports.exports, imports.imports),
    *(archives.archives, archive_imports.archive_imports),
    *(feeds.feeds, rules.rules),
)

INSTALLS: Final = (meaning.install,)

REFUSALS: Final = {
    "rules_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "rules_have_a_condition": invalid_input(
        *(
            (field, "Give at least one of these conditions.")
            for field in ("phrases", "addresses", "source_types", "with_tags")
        )
    ),
    "rules_for_documents_have_nothing_of_items": invalid_input(
        ("applies_to", "Conditions and actions that only items have need `items`.")
    ),
    "rules_for_items_have_nothing_of_documents": invalid_input(
        ("applies_to", "Only documents have a category and a correspondent.")
    ),
    "archives_are_written_one_at_a_time": Problem(
        409, "archive_in_progress", "An archive of yours is being written: wait for it."
    ),
    "imports_of_archives_are_one_at_a_time": Problem(
        409, "import_in_progress", "An archive of yours is being imported: wait for it."
    ),
    "tags_name_is_unique_for_its_audience": Problem(
        409, "tag_exists", "Another tag has this name: merge the two."
    ),
    "feeds_address_is_followed_once": Problem(
        409, "feed_exists", "A feed with this address is followed here already."
    ),
    "feeds_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "tags_name_can_be_seen": invalid_input(("name", "Must not be blank.")),
    "folders_parent_exists": invalid_input(("parent_id", "There is no such folder here.")),
    "folders_name_is_unique_in_its_folder": Problem(
        409, "folder_exists", "Another folder in the same place has this name."
    ),
    "folders_form_a_tree": Problem(
        409, "folder_in_itself", "A folder cannot be moved into itself or a folder in it."
    ),
    "folders_are_at_most_32_deep": Problem(
        409, "folders_too_deep", "Folders can be nested 32 levels deep."
    ),
    "folder_items_folder_exists": invalid_input(("folder_ids", "There is no such folder here.")),
    "items_document_exists": invalid_input(("document_id", "There is no such document here.")),
    "annotations_have_a_quote_or_a_note": invalid_input(
        ("note", "Is all that this annotation has: remove the annotation.")
    ),
    "annotations_color_is_of_a_quote": invalid_input(("color", "Is only of a quote.")),
    "annotations_place_is_of_a_quote": invalid_input(("prefix", "Is only of a quote.")),
    "annotations_offsets_are_a_range": invalid_input(
        ("end_offset", "Give both offsets, the end after the start.")
    ),
    "saved_searches_name_is_unique_for_its_user": Problem(
        409, "saved_search_exists", "Another of your saved searches has this name."
    ),
    "tasks_item_exists": invalid_input(("item_id", "There is no such item here.")),
    "tasks_document_exists": invalid_input(("document_id", "There is no such document here.")),
}
