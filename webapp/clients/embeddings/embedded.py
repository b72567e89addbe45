"""The embedded provider: WordLlama, whose weights come in its wheel."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from webapp.clients.embeddings.contract import of_length_1
from webapp.reading.wording import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wordllama import WordLlamaInference

    from webapp.clients.embeddings.contract import Vectors

_CONFIG: Final = "l2_supercat"
_DIMENSIONS: Final = 256
# Each is padded to the longest, which may have a token for each byte: with 64, half a gigabyte.
_BATCH: Final = 8


class EmbeddedProvider:
    """The mean of the vectors of a text's tokens: what it is about, in English, without the order
    of its words. Loaded at the first call, and then 80 MB in memory."""

    model = f"wordllama {_CONFIG} {_DIMENSIONS}"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: WordLlamaInference | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of 256 numbers. Never raises AIError."""
        given = [clean(text) for text in texts]
        return of_length_1(self._model().embed(given, batch_size=_BATCH))

    def close(self) -> None:
        """Nothing is open."""

    def _model(self) -> WordLlamaInference:
        with self._lock:
            if self._loaded is None:
                import wordllama

                # It looks for its own tokenizer in a folder of another name, and would fetch one.
                self._loaded = wordllama.WordLlama.load(
                    _CONFIG,
                    cache_dir=Path(wordllama.__file__).parent,
                    dim=_DIMENSIONS,
                    disable_download=True,
                )
            return self._loaded
