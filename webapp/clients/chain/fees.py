"""What a reveal pays for its gas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GWEI: Final = 10**9

# The least tip in wei: a node may recommend none, and some take no transaction without.
_LEAST_TIP: Final = 1_000_000

# What a reveal of fifty tokens takes.
_FULL_REVEAL: Final = 6_000_000

# What replaces a transaction pays so much more, of both fees: nodes ask for a tenth, some for an
# eighth.
_NUMERATOR: Final = 9
_DENOMINATOR: Final = 8


@dataclass(frozen=True, slots=True)
class Fees:
    """In wei for one gas: the most that is paid, and what of it is for who makes the block."""

    max_fee: int
    tip: int


@dataclass(frozen=True, slots=True)
class Prices:
    """In wei for one gas: what the newest block took, and the tip that the node recommends."""

    base: int
    tip: int


def first_fees(prices: Prices, cap: int) -> Fees | None:
    """The fees of a new reveal: enough for a base fee that doubles, at most `cap` wei, with as much
    of the recommended tip as that leaves. None if the chain takes more at present."""
    if prices.base + _LEAST_TIP > cap:
        return None
    tip = min(max(prices.tip, _LEAST_TIP), cap - prices.base)
    return Fees(min(2 * prices.base + tip, cap), tip)


def raised_fees(last: Fees, prices: Prices, cap: int) -> Fees | None:
    """The fees of what replaces a transaction, at most `cap` wei. None if that is too little."""
    wanted = first_fees(prices, cap) or Fees(cap, min(prices.tip, cap))
    tip = max(_raised(last.tip), wanted.tip)
    max_fee = max(_raised(last.max_fee), wanted.max_fee)
    if _raised(last.tip) > cap or _raised(last.max_fee) > cap:
        return None
    return Fees(min(max_fee, cap), min(tip, max_fee, cap))


def enough(prices: Prices) -> int:
    """What a keeper should have left in wei: for ten full reveals at present prices."""
    return 10 * _FULL_REVEAL * (2 * prices.base + max(prices.tip, _LEAST_TIP))


def _raised(fee: int) -> int:
    return -(-fee * _NUMERATOR // _DENOMINATOR)
