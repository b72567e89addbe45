"""A query in PostgreSQL's terms: the tsquery that finds, the one that ranks, those that mark hits.

They are values, built from stems that the database returned, each quoted; no SQL is generated here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from webapp.search.query import Facet, Named, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.search.query import Condition, Query
    from webapp.search.volumes import Place

_DISCARDED: Final = " s:discarded"
# All that is looked for by its id has one of these lexemes.
_BY_ID: Final = (" y:document", " y:table")
_MOST_HITS: Final = 10
# Nothing has this lexeme: if no tag or folder has the name, nothing is found.
_NONE: Final = " none"
# A lexeme in a tsquery's text, with its quotation marks.
_LEXEME: Final = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the tsqueries of one query.

    `meanings` has, for each of the query's terms: `stems`, a tsquery's text by configuration, empty
    for a word that is too common to be indexed; `words`, unchanged; `tags`, those with the term in
    their name; and `tag`, `category` and `in`, the lexemes of what has exactly this name.
    """

    query: Query
    configs: Sequence[str]
    meanings: dict[str, Any]

    def matching(self, places: Sequence[Place]) -> dict[str, str]:
        """The tsquery that finds entries in some places, for each configuration that has something
        to find."""
        if not self.query.groups:
            if self.query.after is self.query.before is None:
                return {}
            return {config: self._within(places, []) for config in self.configs}
        # If all words are too common in a language, titles and beginnings remain, whose words are
        # indexed unchanged.
        as_they_stand = self._groups(None, places)
        by_config = {
            config: self._groups(config, places) or as_they_stand for config in self.configs
        }
        return {
            config: self._within(places, groups) for config, groups in by_config.items() if groups
        }

    def naming(self, places: Sequence[Place]) -> dict[str, str]:
        """The tsquery that finds entries in some places by exact words of title, summary or
        beginning."""
        groups = self._groups(None, places)
        return {config: self._within(places, groups) for config in self.configs if groups}

    def ranking(self) -> str:
        """What makes an entry rank higher: more of it, and nearer to the title."""
        found = []
        for condition in self.query.conditions:
            if isinstance(condition, Words) and not condition.is_negated:
                found += self._meant(condition)
                if condition is self.query.prefix:
                    found += self._going_on(condition)
            elif isinstance(condition, Named) and not condition.is_negated:
                found += self._alternatives(condition, None, ())
        return " | ".join(dict.fromkeys(found))

    def hits(self) -> list[str]:
        """What is marked in a text, for each configuration.

        Only words, since PostgreSQL searches for a phrase again from every word of the text on.
        """
        wanted = [
            condition
            for condition in self.query.conditions
            if isinstance(condition, Words) and not condition.is_negated
        ]
        found = []
        for config in self.configs:
            marked: dict[str, None] = {}
            for condition in wanted:
                marked |= dict.fromkeys(
                    _LEXEME.findall(self.meanings[condition.text]["stems"][config])
                )
                if condition is self.query.prefix:
                    marked |= dict.fromkeys(self._going_on(condition))
            found.append(" | ".join(list(marked)[:_MOST_HITS]))
        return found

    def _within(self, places: Sequence[Place], groups: list[str]) -> str:
        """All of the groups, in some places, without the trash unless it is requested."""
        letters = ("v", "d") if self._asks_for(_DISCARDED) else ("v",)
        where = _any(
            _quoted(lexeme)
            for place in places
            for lexeme in (
                _BY_ID if place.name is None else [f" {letter}{place.name}" for letter in letters]
            )
        )
        return _all([where, *groups])

    def _groups(self, config: str | None, places: Sequence[Place]) -> list[str]:
        """What must hold for texts in a configuration; None for exact words."""
        groups = []
        for group in self.query.groups:
            asked = [
                ("!" if condition.is_negated else "") + _any(alternatives)
                for condition in group
                if (alternatives := self._alternatives(condition, config, places))
            ]
            if asked:
                groups.append(_any(asked))
        return groups

    def _alternatives(
        self, condition: Condition, config: str | None, places: Sequence[Place]
    ) -> list[str]:
        """Alternatives, any of which matches; none if the condition has no meaning in this
        configuration."""
        if isinstance(condition, Facet):
            return [_quoted(lexeme) for lexeme in condition.lexemes]
        if isinstance(condition, Named):
            return [
                _quoted(each) for each in self.meanings[condition.name][condition.field] or [_NONE]
            ]
        meaning = self.meanings[condition.text]
        if config is None:
            found = []
        elif not (found := self._stems(condition, config)):
            return []
        found += [_quoted(f" t:{tag}") for tag in meaning["tags"]]
        is_prefix = condition is self.query.prefix
        if meaning["words"] and (is_prefix or config is None):
            words = meaning["words"] if condition.is_phrase else meaning["words"][:1]
            found += [
                _all(_quoted(f" p:{shelf}:{word}") + (":*" if is_prefix else "") for word in words)
                for place in places
                for shelf in place.shelves
            ]
        return found

    def _meant(self, condition: Words) -> list[str]:
        """What a word or phrase means in any configuration, including tags."""
        stems = [stem for config in self.configs for stem in self._stems(condition, config)]
        return [*stems, *(_quoted(f" t:{tag}") for tag in self.meanings[condition.text]["tags"])]

    def _stems(self, condition: Words, config: str) -> list[str]:
        stems = self.meanings[condition.text]["stems"][config]
        return [f"({stems})"] if stems else []

    def _going_on(self, condition: Words) -> list[str]:
        """What begins with the word, in any meaning."""
        words = self.meanings[condition.text]["words"]
        return [f"{_quoted(words[0])}:*"] if words else []

    def _asks_for(self, lexeme: str) -> bool:
        return any(
            isinstance(condition, Facet)
            and lexeme in condition.lexemes
            and not condition.is_negated
            for condition in self.query.conditions
        )


def _quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _any(parts: Iterable[str]) -> str:
    return f"({' | '.join(parts)})"


def _all(parts: Iterable[str]) -> str:
    return f"({' & '.join(parts)})"
