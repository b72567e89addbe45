"""What every provider of embeddings guarantees.

Either any endpoint that speaks OpenAI's embeddings (`remote.py`), or the embedded one
(`embedded.py`); `choice.py` chooses. Their errors are those of AI providers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from webapp.clients.ai.contract import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    # One row for each text, each of the length 1.
    Vectors = NDArray[np.float32]

SETTINGS: Final = Origin(
    "named in the settings", "EMBEDDINGS_URL", "EMBEDDINGS_KEY", "EMBEDDINGS_MODEL"
)
DEFAULT_TIMEOUT: Final = 60.0  # seconds, for a whole call
# What fits into a page of the database.
MOST_DIMENSIONS: Final = 4_000


class Provider(Protocol):
    """What both providers guarantee. Thread-safe; create one per process.

    `model` names what the vectors are made by: those of different models cannot be compared.
    """

    model: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector of the length 1 for each text, of 1 to 4,000 numbers, in their order. A text in
        which the model finds nothing gets the vector of zeros. Raises AIError."""
        ...

    def close(self) -> None:
        """Close connections. Calling it again does nothing."""
        ...


def of_length_1(vectors: NDArray[Any]) -> Vectors:
    """The same directions, with the length 1; zeros stay zeros."""
    import numpy as np

    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(lengths > 0, lengths, 1)).astype(np.float32)
