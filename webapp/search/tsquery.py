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
# Ranking by more tags than this would take longer than finding.
_MOST_RANKED: Final = 50
# Nothing has this lexeme: if no tag or folder has the name, nothing is found.
_NONE: Final = " none"
# Before the stem of a word that lost its accents; migrations/…-search-words.sql explains it.
_PLAIN: Final = " a:"
# No script of pairs of letters comes before Thai.
_FIRST_OF_PAIRS: Final = "\u0e00"
# A lexeme in a tsquery's text, with its quotation marks.
_LEXEME: Final = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the tsqueries of one query.

    `meanings` has, for each of the query's terms: `stems`, a tsquery's text by configuration, empty
    for a word that is too common to be indexed; `plain`, the same without accents; `words`, without
    accents, but not stemmed; `tags`, those with the term in their name; and `tag`, `category` and
    `in`, the lexemes of what has exactly this name.
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
                if self._may_go_on(condition):
                    found += self._going_on(condition)
            elif isinstance(condition, Named) and not condition.is_negated:
                found += self._alternatives(condition, None, ())
        return " | ".join(dict.fromkeys(found))

    def exact(self) -> str:
        """What has every word as it was written, in whole and with its accents: this comes before
        everything else. Empty if that says nothing."""
        groups = []
        for group in self.query.groups:
            asked = [
                alternative
                for condition in group
                if isinstance(condition, Words) and not condition.is_negated
                for alternative in (
                    *self._stemmed(condition, "stems", self.configs),
                    *self._tagged(condition),
                )
            ]
            if asked:
                groups.append(_any(dict.fromkeys(asked)))
        return _all(groups) if groups else ""

    def hits(self) -> list[str]:
        """What is marked in a text without accents, for each configuration.

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
                meaning = self.meanings[condition.text]
                marked |= dict.fromkeys(_LEXEME.findall(meaning["plain"][config]))
                if self._may_go_on(condition) and meaning["words"]:
                    marked |= {f"{_quoted(meaning['words'][-1])}:*": None}
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
        elif not (found := self._stems(condition, (config,))):
            return []
        found += [_quoted(f" t:{tag}") for tag in meaning["tags"]]
        words = meaning["words"]
        may_go_on = self._may_go_on(condition)
        if words and (may_go_on or config is None):
            end = ":*" if may_go_on else ""
            found += [
                _all(
                    [
                        *(_quoted(f" p:{shelf}:{word}") for word in words[:-1]),
                        _quoted(f" p:{shelf}:{words[-1]}") + end,
                    ]
                )
                for shelf in dict.fromkeys(shelf for place in places for shelf in place.shelves)
            ]
        return found

    def _meant(self, condition: Words) -> list[str]:
        """What a word or phrase means in any configuration, including tags."""
        return [*self._stems(condition, self.configs), *self._tagged(condition)]

    def _tagged(self, condition: Words) -> list[str]:
        tags = self.meanings[condition.text]["tags"][:_MOST_RANKED]
        return [_quoted(f" t:{tag}") for tag in tags]

    def _stems(self, condition: Words, configs: Sequence[str]) -> list[str]:
        """The stems in some configurations, with their accents and without."""
        plain = [
            _LEXEME.sub(_with_accents_or_without, stems)
            for stems in self._stemmed(condition, "plain", configs)
        ]
        exact = self._stemmed(condition, "stems", configs)
        also = [stems for stems in exact if stems not in self._stemmed(condition, "plain", configs)]
        return list(dict.fromkeys([*also, *plain]))

    def _stemmed(self, condition: Words, kind: str, configs: Sequence[str]) -> list[str]:
        by_config = self.meanings[condition.text][kind]
        return list(dict.fromkeys(f"({by_config[each]})" for each in configs if by_config[each]))

    def _going_on(self, condition: Words) -> list[str]:
        """What begins with the word, in any meaning."""
        words = self.meanings[condition.text]["words"]
        return [f"{_quoted(words[-1])}:*", f"{_quoted(_PLAIN + words[-1])}:*"] if words else []

    def _may_go_on(self, condition: Words) -> bool:
        """Whether it may be the beginning of a word: the unfinished one, or a single letter of a
        script whose words are found by pairs of letters."""
        if condition is self.query.prefix:
            return True
        words = self.meanings[condition.text]["words"]
        return len(words) > 0 and all(len(word) == 1 and word > _FIRST_OF_PAIRS for word in words)

    def _asks_for(self, lexeme: str) -> bool:
        return any(
            isinstance(condition, Facet)
            and lexeme in condition.lexemes
            and not condition.is_negated
            for condition in self.query.conditions
        )


def _with_accents_or_without(lexeme: re.Match[str]) -> str:
    """A stem in a tsquery's text, in either form in which a text without its accents has it."""
    return f"({lexeme[0]} | '{_PLAIN}{lexeme[0][1:]})"


def _quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _any(parts: Iterable[str]) -> str:
    return f"({' | '.join(parts)})"


def _all(parts: Iterable[str]) -> str:
    return f"({' & '.join(parts)})"
