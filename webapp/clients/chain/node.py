"""A node of a chain, called by JSON-RPC over HTTP."""

from __future__ import annotations

import json
import re
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError, asks_for_later
from webapp.clients.http.retry_after import seconds_to_wait
from webapp.failure import Failure, NotNow
from webapp.reading.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webapp.clients.http.client import HttpClient
    from webapp.clients.http.contract import Answer

    Call = tuple[str, Sequence[Any]]

# Seconds for one request. A node takes a while for the logs of many blocks.
_SECONDS: Final = 30.0

# The longest answer in bytes: thousands of logs fit in.
_MOST: Final = 32_000_000

# The most calls in one request, until the node says that it takes fewer.
_BATCH: Final = 100

# Seconds to leave a node alone that was asked too often, unless it says for how long.
_LEAVE_ALONE: Final = 2.0

_MESSAGE_SHOWN: Final = 300
_LAST: Final = 2**63 - 1
_SECRET_LENGTH: Final = 8
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

# Codes of JSON-RPC and of EIP-1474 that mean "no" whenever they are asked: not a request, no such
# method, wrong parameters, not supported, and 3, that the contract refuses.
_REFUSALS: Final = frozenset({-32600, -32601, -32602, -32004, 3})
_TOO_MANY: Final = frozenset({-32005, -32016, -32097, 429})


class NodeError(Failure):
    """A node was not reached, did not answer properly, or answered with an error.

    `code` is the error's own, and None if the node did not get as far as to answer. `data` is what
    a contract said when it refused a call, in hexadecimal. `asked_too_often` is what the node says.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        data: str | None = None,
        permanent: bool = False,
        retry_after: float | None = None,
        asked_too_often: bool = False,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.code = code
        self.data = data
        self.asked_too_often = asked_too_often


class Turns(Protocol):
    """How often a node may be called, by several processes together."""

    def take(self, calls: int) -> None:
        """Return when it is the caller's turn, for so many calls at once. Raises NotNow if that is
        not soon."""

    def hold(self, seconds: float) -> None:
        """Nobody gets a turn for so many seconds."""

    def close(self) -> None:
        """Close its connections."""


class Node:
    """The node at `url`, which an operator named; without one, every call fails. It is called when
    it is our turn, if there are `turns`. Thread-safe; connects when it is first called.

    The address may hold a key, and is in no error and in no repr.
    """

    def __init__(self, url: str | None, turns: Turns | None = None) -> None:
        parts = urlsplit(url or "")
        self._url = url
        self._turns = turns
        self._host = parts.hostname
        # Keys of nodes are in the path, in the query or before the host.
        pieces = re.split(r"[/?&=]", f"{parts.path}?{parts.query}")
        hidden = [*pieces, parts.username or "", parts.password or ""]
        self._hidden = [each for each in hidden if len(each) >= _SECRET_LENGTH]
        self._most = _BATCH
        self._ids = count(1)
        self._chain_id: int | None = None
        self._lock = threading.Lock()
        self._client: HttpClient | None = None

    def __repr__(self) -> str:
        return f"Node({self._host!r})"

    def call(self, method: str, *params: Any) -> Any:
        """What the node answers: None if that is null, as for a receipt that there is not. Raises
        `NodeError`."""
        (answer,) = self._ask([(method, params)], whole=False)
        if isinstance(answer, NodeError):
            raise answer
        return answer

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The answers to several calls, in their order, each of which may be a `NodeError`.

        It is one request, or as many as a node needs that takes only so many calls at once. Raises
        `NodeError` if there is no answer to the whole of it.
        """
        answers: list[Any] = []
        while len(answers) < len(calls):
            size = self._most
            part = calls[len(answers) : len(answers) + size]
            try:
                answers += self._ask(part, whole=True)
            except _TooLong:
                # Others may have found out at the same time.
                self._most = min(self._most, max(1, len(part) // 2))
        return answers

    def expect(self, chain_id: int) -> None:
        """Check, once, that this is a node of the chain. Raises `NodeError`."""
        if self._chain_id is None:
            self._chain_id = number(self.call("eth_chainId"))
        if self._chain_id != chain_id:
            raise NodeError(
                f"CHAIN_RPC_URL is a node of chain {self._chain_id}, and not of chain {chain_id}."
            )

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
        if self._turns is not None:
            self._turns.close()

    def _ask(self, calls: Sequence[Call], *, whole: bool) -> list[Any]:
        """The answers to calls in one request, when it is our turn; if the node was asked too
        often, nobody's turn comes for a while. Raises like `_ask_now`."""
        if self._turns is None or self._url is None:
            return self._ask_now(calls, whole=whole)
        try:
            self._turns.take(len(calls))
        except NotNow as busy:
            raise NodeError(
                f"The chain's node is asked again in {busy.seconds:.0f} seconds, so that it is not"
                " asked too often.",
                retry_after=busy.seconds,
            ) from None
        try:
            answers = self._ask_now(calls, whole=whole)
        except NodeError as error:
            self._leave_alone(self._turns, [error])
            raise
        self._leave_alone(self._turns, answers)
        return answers

    def _leave_alone(self, turns: Turns, answers: Iterable[Any]) -> None:
        waits = [
            each.retry_after or _LEAVE_ALONE
            for each in answers
            if isinstance(each, NodeError) and each.asked_too_often
        ]
        if waits:
            turns.hold(max(waits))

    def _ask_now(self, calls: Sequence[Call], *, whole: bool) -> list[Any]:
        """The answers to calls in one request. Raises `NodeError`, and `_TooLong` if the node takes
        fewer in a batch; the only call of a batch is sent as a single one."""
        ids = {next(self._ids): index for index in range(len(calls))}
        requests = [
            {"jsonrpc": "2.0", "id": each, "method": calls[index][0], "params": calls[index][1]}
            for each, index in ids.items()
        ]
        is_batch = whole and len(calls) > 1
        answer = self._post(requests if is_batch else requests[0])
        said = answer.json()
        if not is_batch:
            if not isinstance(said, dict):
                raise self._not_json(answer)
            return [self._result(said, answer)]
        if not isinstance(said, list):
            raise self._refusal_of_a_batch(said, answer)
        # They may come in any order, and the sender of one without an id could not be told.
        found: dict[int, Any] = {}
        for each in said:
            sender = each.get("id") if isinstance(each, dict) else None
            if isinstance(sender, int | float) and sender in ids:
                found[ids[int(sender)]] = self._result(each, answer)
        missing = NodeError("The chain's node left out an answer.")
        return [found.get(index, missing) for index in range(len(calls))]

    def _post(self, body: object) -> Answer:
        if self._url is None:
            raise NodeError("CHAIN_RPC_URL is not set.")
        content = json.dumps(body, separators=(",", ":")).encode()
        try:
            return self._opened().call(
                "POST", self._url, Allowance(_SECONDS), content=content, most=_MOST
            )
        except CallError as error:
            raise NodeError(f"The chain's node {error.what}.") from None

    def _opened(self) -> HttpClient:
        with self._lock:
            if self._client is None:
                from webapp.clients.http.client import HttpClient

                self._client = HttpClient(headers={"Content-Type": "application/json"})
            return self._client

    def _result(self, said: dict[str, Any], answer: Answer) -> Any:
        error = said.get("error")
        if error is None and "result" in said:
            return said["result"]
        return self._error(error, answer)

    def _error(self, error: object, answer: Answer) -> NodeError:
        """What a node said was wrong, in JSON, with whatever status."""
        told = error if isinstance(error, dict) else {}
        code = told.get("code")
        code = code if isinstance(code, int) and not isinstance(code, bool) else None
        message = told.get("message", error)
        message = message if isinstance(message, str) and message.strip() else "no reason"
        limited = answer.status == 429 or code in _TOO_MANY
        return NodeError(
            f"The chain's node answered with an error: {self._shown(message)}",
            code=code,
            data=_bytes_in(told.get("data")),
            permanent=code in _REFUSALS and not limited and answer.status < 500,
            retry_after=seconds_to_wait(answer.headers),
            asked_too_often=limited,
        )

    def _refusal_of_a_batch(self, said: object, answer: Answer) -> Exception:
        """Why a batch got one answer for all of it."""
        if isinstance(said, dict) and "error" in said:
            error = self._error(said["error"], answer)
            if answer.status == 413 or error.permanent or "batch" in str(error).lower():
                return _TooLong()
            return error
        return _TooLong() if answer.status == 413 else self._not_json(answer)

    def _not_json(self, answer: Answer) -> NodeError:
        """The error for an answer that no node gave, but something in front of one."""
        if answer.status == 200:
            return NodeError("The chain's node sent something else than JSON-RPC.")
        return NodeError(
            f"The chain's node answered with status {answer.status}.",
            permanent=not asks_for_later(answer.status),
            retry_after=seconds_to_wait(answer.headers),
            asked_too_often=answer.status == 429,
        )

    def _shown(self, message: str) -> str:
        for each in self._hidden:
            message = message.replace(each, "…")
        return one_line(message)[:_MESSAGE_SHOWN]


class _TooLong(Exception):
    """A node takes fewer calls in a batch."""


def number(text: object) -> int:
    """A quantity, as nodes write it. Raises `NodeError`."""
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        return int(text, 16)
    raise NodeError("The chain's node sent something else than a number.")


def ordinal(text: object) -> int:
    """A quantity that the database holds: of blocks, tokens, transactions, or gas. Raises
    `NodeError`."""
    found = number(text)
    if found > _LAST:
        raise NodeError("The chain's node sent a number that is impossibly large.")
    return found


def quantity(value: int) -> str:
    """A number, which is not negative, as nodes read it."""
    return hex(value)


def hexadecimal(text: object, size: int | None = None) -> str:
    """Bytes, as nodes write them, in lower case; of `size` bytes if that is given. Raises
    `NodeError`."""
    if isinstance(text, str) and _BYTES.fullmatch(text) and size in (None, len(text) // 2 - 1):
        return text.lower()
    raise NodeError("The chain's node sent something else than bytes.")


def first_error(answers: Iterable[Any]) -> None:
    """Raise the first `NodeError` among the answers of a batch, if there is one."""
    for answer in answers:
        if isinstance(answer, NodeError):
            raise answer


def _bytes_in(data: object) -> str | None:
    """The bytes that a contract refused a call with, wherever a kind of node puts them."""
    while isinstance(data, dict):
        data = data.get("data", data.get("originalError"))
    if isinstance(data, str):
        data = data.removeprefix("Reverted ")
        if _BYTES.fullmatch(data):
            return data.lower()
    return None
