"""A note's language, if it can be determined."""

from __future__ import annotations

import re
import threading
from typing import Protocol

# py3langid knows 140 varieties, and for a note of five words the rare ones win by accident ("ok"
# is Serbian, "gym 6pm" Welsh). These are the ISO 639-1 languages people are likely to keep notes
# in; the neighbours of a common one (Luxembourgish, Occitan, Cantonese) then count towards it.
_KNOWN = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is "
    "it ja ka kk km kn ko lo lt lv mk ml mn mr ms my ne nl no pa pl pt ro ru si sk sl sq sr sv sw "
    "ta te th tl tr uk ur uz vi zh"
).split()
# Common enough to be believed on a short text; the others must be surer of themselves.
_COMMON = frozenset("ar da de el en es fi fr he it ja ko nl no pl pt ru sv th tr uk zh".split())

_LETTERS_READ = 4_000  # more changes no verdict; the walk is linear in them (4,000 take 1 ms)
_SHORT = 40
_FEWEST_LETTERS = 10
_FEWEST_IDEOGRAPHS = 3
# Measured over sixty notes of two to six words in sixteen languages: at 0.5 and above every
# verdict was right, below it they were half guesses ("Docker Kubernetes Postgres": German, 0.44).
_SURE = 0.5
_SURER = 0.75

_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|[^\s@]{1,64}+@[^\s@]{1,64}|[#@]\w+")
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


class _Loader:
    """Loads the model at the first use: it takes a second, once per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: _Identifier | None = None

    def get(self) -> _Identifier:
        with self._lock:
            if self._identifier is None:
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                # An identifier of our own: the module's shared one belongs to whoever else in the
                # process uses the library, and restricting it would change their answers.
                model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
                model.set_languages([code for code in _KNOWN if code in model.labels])
                self._identifier = model
            return self._identifier


_loader = _Loader()


def load_model() -> None:
    """Load the model now, so that the first question does not wait for it. Thread-safe."""
    _loader.get()


def detect(text: str) -> str | None:
    """The ISO 639-1 code of `text`'s language, or None if it is too short or too uncertain.

    Addresses, hashtags and mentions are not counted: they are in no language. Thread-safe.
    """
    prose = _ADDRESS.sub(" ", text[: _LETTERS_READ * 2])[:_LETTERS_READ]
    letters = sum(map(str.isalpha, prose))
    ideographs = len(_IDEOGRAPH.findall(prose))
    # One ideograph says about as much as three letters of an alphabet.
    if letters + ideographs * 2 < _FEWEST_LETTERS and ideographs < _FEWEST_IDEOGRAPHS:
        return None
    language, confidence = _loader.get().classify(prose)
    needed = _SURE if language in _COMMON or letters >= _SHORT else _SURER
    return language if confidence >= needed else None
