"""The embedded AI provider: a note's title, summary and tags, taken from the note itself.

Offline and deterministic: the same text gives the same answer on every machine. Nothing is made
up, so it cannot be wrong about the text, only less clever about it than a language model.

How it reads: the note is taken apart into headings, paragraphs, items and code. A sentence is
central when its words are the note's words: its score is the similarity to the sum of all
sentences, which is what the first step of LexRank computes from an even start, at a cost that is
linear in the text where the full graph is quadratic. Early sentences count for more, since people
say first what they are about.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from webapp.clients.ai.contract import (
    GIVEN_TITLE_LIMIT,
    SUMMARY_LIMIT,
    TAGS_LIMIT,
    TITLE_LIMIT,
    Description,
    Enrichment,
    Guess,
    Known,
    TagSuggestion,
)
from webapp.reading import titles
from webapp.reading.blocks import Note, parse
from webapp.reading.keyphrases import Passage, key_phrases, known_in
from webapp.reading.language import detect, load_model
from webapp.reading.oddities import Bare, read_bare
from webapp.reading.ranking import joined, rank, summary_of_list, summary_of_sentences
from webapp.reading.sentences import Sentence, sentences
from webapp.reading.snippets import Snippet, read_snippet, spoken
from webapp.reading.stopwords import stop_words
from webapp.reading.wording import clean, fold, one_line, shorten, shows, tag_name
from webapp.reading.words import stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What is read of a long text: its head whole, then a look in at even distances up to its end.
READ_WHOLE = 40_000
_HEAD = 24_000
_LOOKS = 4
_LOOK = 4_000
SENTENCES_READ = 400

_OPENING = 300  # characters; a known tag named in here is what the note is about
_SURE = 0.95
_NAMED_BY_WRITER = 0.68
_LEAST = 0.1
# Characters in which a letter names who sent it and what it is; and how sure a name in them is,
# first of all in the opening.
_LETTERHEAD = 1500
_NAMED_EARLY = 0.85
_NAMED = 0.75
_WORD = re.compile(r"[^\W_]+")


class ExtractiveProvider:
    """The provider for those who have no other. Thread-safe, nothing to close.

    Creating the first one in a process takes up to a second, for the language model; afterwards a
    worker's first note is as quick as any.
    """

    source: ClassVar[str] = "text"

    def __init__(self) -> None:
        load_model()

    def enrich(
        self, text: str, *, title: str | None = None, known_tags: Sequence[str] = ()
    ) -> Enrichment:
        """Title, summary and tags from `text`. Never raises, whatever the strings hold.

        A `title` that shows something wins. Of more than 40,000 characters, the first 24,000 and
        four stretches of 4,000 are read. Tags of the user's that the text names come first, with
        a confidence of 0.7 and above; phrases of the text's own stay below that.
        """
        hint = one_line(title or "")
        hint = hint if shows(hint) else ""
        text = _sample(clean(text))
        made = self._enriched(text, hint, known_tags)
        return replace(made, title=shorten(hint, GIVEN_TITLE_LIMIT)) if hint else made

    def _enriched(self, text: str, hint: str, known_tags: Sequence[str]) -> Enrichment:
        if bare := read_bare(text):
            return _of_bare(bare, text, hint, known_tags)
        note = parse(text)
        if snippet := _snippet(note, text):
            return _of_snippet(snippet, note, text, hint, known_tags)
        if all(block.kind == "code" for block in note.blocks):
            # A fence around what is no code.
            note = parse("\n\n".join(block.text for block in note.blocks))
        return _of_prose(note, text, hint, known_tags)

    def describe(
        self, text: str, *, name: str, title: str | None = None, known: Known | None = None
    ) -> Description:
        """An enrichment, with the category and the correspondent of the workspace that are named in
        the beginning of the text or in the file's name. Never raises."""
        known = known or Known()
        enrichment = self.enrich(text, title=title, known_tags=known.tags)
        head = f"{name}\n{clean(text[:_LETTERHEAD])}"
        return Description(
            enrichment,
            category=_named_in(head, known.categories, enrichment.language),
            correspondent=_named_in(head, known.correspondents, enrichment.language),
        )

    def close(self) -> None:
        """Nothing to give back."""


def _named_in(head: str, names: Sequence[str], language: str | None) -> Guess | None:
    """The first of some names that the beginning of a document names."""
    found = next(iter(known_in(head, head[:_OPENING], names, stop_words(language))), None)
    return Guess(found.name, _NAMED_EARLY if found.early else _NAMED) if found else None


def _sample(text: str) -> str:
    if len(text) <= READ_WHOLE:
        return text
    pieces = [text[:_HEAD]]
    step = (len(text) - _HEAD - _LOOK) // (_LOOKS - 1)
    for look in range(_LOOKS):
        start = _HEAD + look * step
        piece = text[start : start + _LOOK]
        # Start after a line end, so that no half sentence is quoted.
        pieces.append(piece[piece.find("\n") + 1 :])
    return "\n\n".join(pieces)


# --- prose and lists ------------------------------------------------------------------------


def _of_prose(note: Note, text: str, hint: str, known_tags: Sequence[str]) -> Enrichment:
    read = titles.without_courtesy(sentences(note.blocks, SENTENCES_READ))
    headings = [block.text for block in note.blocks if block.kind == "heading"]
    language = detect("\n".join([*headings[:20], *(sentence.text for sentence in read)]))
    stop = stop_words(language)
    named = " ".join(filter(None, [hint, note.title, *headings]))
    ranked = rank(read, named, stop, language)
    items = sum(1 for sentence in read if sentence.kind == "item")
    listed = items > 1 and items * 2 > len(read)
    written = hint or titles.written_title(note)
    phrases = key_phrases(list(_passages(read, headings, written)), language)
    title = written
    if not title and listed:
        title = titles.title_of_list(note)
    elif not title:
        title = titles.title_of_prose(ranked, [phrase for phrase, _ in phrases])
    if listed:
        summary = summary_of_list(note, title, SUMMARY_LIMIT)
    else:
        summary = summary_of_sentences(ranked, title, SUMMARY_LIMIT)
    tags = _tags(text, title, known_tags, note.tags, phrases, language)
    return _enrichment(title, summary, tags, language, text)


def _passages(read: Sequence[Sentence], headings: Iterable[str], title: str) -> Iterator[Passage]:
    """What to look for key phrases in: the title counts most, then headings, then what is early."""
    if title:
        yield Passage(title, 2.4)
    for heading in headings:
        if heading != title:
            yield Passage(heading, 1.5)
    for index, sentence in enumerate(read):
        yield Passage(sentence.text, 1.0 + 0.8 / (1 + index / 2))


# --- code and curiosities ---------------------------------------------------------------------


def _snippet(note: Note, text: str) -> Snippet | None:
    """The note as code, if that is what it is: bare, or in a fence with next to nothing around."""
    code = [block for block in note.blocks if block.kind == "code"]
    inside = sum(len(block.text) for block in code)
    if code and inside * 4 > sum(len(block.text) for block in note.blocks) * 3:
        fenced = code[0]
        return read_snippet("\n".join(block.text for block in code), fenced.info)
    return read_snippet(text) if not code else None


def _of_snippet(
    snippet: Snippet, note: Note, text: str, hint: str, known_tags: Sequence[str]
) -> Enrichment:
    # In bare code a "#" begins a comment; above a fence it is a heading.
    fenced = any(block.kind == "code" for block in note.blocks)
    written = titles.written_title(note) if fenced else ""
    names = shorten(", ".join(snippet.names[:4]), titles.GLANCE - 20)
    about = names or titles.of_sentence(snippet.comment) or shorten(snippet.first, titles.GLANCE)
    called = snippet.title or (f"{about} ({snippet.language})" if snippet.language else about)
    title = hint or written or called
    language = detect(snippet.comment)
    phrases = [(spoken(name), 2.0 / (1 + index)) for index, name in enumerate(snippet.names[:4])]
    phrases += key_phrases([Passage(words, 1.0) for words in (written, snippet.comment)], "en")
    named = [snippet.language.lower()] if snippet.language else []
    lines = [line.rstrip(";") for line in (snippet.comment, *snippet.outline) if line]
    summary = shorten(joined(lines), SUMMARY_LIMIT)
    # A known tag "Python" is meant even where the code does not say so.
    searched = f"{text}\n{snippet.language}"
    tags = _tags(searched, title, known_tags, named, phrases, language)
    return _enrichment(title, summary, tags, language, text)


def _of_bare(bare: Bare, text: str, hint: str, known_tags: Sequence[str]) -> Enrichment:
    phrases = [(name, 0.8) for name in bare.tags]
    phrases += key_phrases([Passage(bare.words, 1.0)], None) if bare.words else []
    searched = f"{text} {bare.title} {bare.words}"
    tags = _tags(searched, bare.title, known_tags, (), phrases, None)
    return _enrichment(hint or bare.title, bare.summary, tags, None, text)


# --- tags ---------------------------------------------------------------------------------------


def _tags(
    text: str,
    title: str,
    known_tags: Sequence[str],
    named: Iterable[str],
    phrases: Iterable[tuple[str, float]],
    language: str | None,
) -> tuple[TagSuggestion, ...]:
    """The user's tags the text names, those it was given by hashtag, then its own phrases."""
    named = list(dict.fromkeys(filter(None, map(tag_name, named))))
    by_hand = {fold(name) for name in named}
    found: list[TagSuggestion] = []
    taken: set[str] = set()

    def add(name: str, confidence: float) -> None:
        stems = {stem(fold(word), language) for word in name.split()}
        if name and len(found) < TAGS_LIMIT and not stems <= taken:
            found.append(TagSuggestion(name, round(confidence, 2)))
            taken.update(stems)

    head = f"{title}\n{text[:_OPENING]}"
    for known in known_in(text, head, known_tags, stop_words(language)):
        sure = 0.7 + (0.12 if known.early else 0) + min(0.1, 0.03 * (known.times - 1))
        add(known.name, _SURE if fold(known.name) in by_hand else sure)
    for name in named:
        add(name, _NAMED_BY_WRITER)
    for phrase, score in phrases:
        add(tag_name(phrase), 0.2 + 0.45 * score / (score + 3))
    if not found:
        # Nothing but stop words, numbers or punctuation: use its first words.
        words = _WORD.findall(title)[:2] or _WORD.findall(text[:READ_WHOLE])[:1]
        name = " ".join(words) or title
        add(tag_name(name if language == "de" else name.lower()), _LEAST)
    return tuple(sorted(found, key=lambda tag: -tag.confidence))


def _enrichment(
    title: str,
    summary: str,
    tags: tuple[TagSuggestion, ...],
    language: str | None,
    text: str,
) -> Enrichment:
    line = one_line(text)
    title = shorten(one_line(title), TITLE_LIMIT) or shorten(line, TITLE_LIMIT)
    summary = shorten(one_line(summary), SUMMARY_LIMIT) or shorten(line, SUMMARY_LIMIT)
    return Enrichment(title, summary, tags, language)
