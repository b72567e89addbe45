"""What a stretch of the chain says about the mints that are known."""

from __future__ import annotations

import pytest

from webapp.rules.tokens import stretch
from webapp.rules.tokens.mint_logs import Mint
from webapp.rules.tokens.stretch import Gap, Known, cut, gaps, gone, in_order


def mint(start, quantity=1, block=1, log=None):
    log = start if log is None else log
    return Mint(f"0x{log}", log, block, f"0x{block}", None, "0xm", "0xa", start, quantity, 0)


def known(of, source="chain", **more):
    place = (of.tx_hash, of.log_index, of.block_number, of.block_hash)
    made = Known(str(of.start_token_id), *place, of.start_token_id, of.quantity, source)
    return made._replace(**more)


def test_logs_that_a_node_gives_twice_and_in_any_order_are_put_right():
    mints = [mint(5, block=2, log=9), mint(1, block=1, log=20), mint(3, block=2, log=4)]
    assert [each.start_token_id for each in in_order([*mints, mints[0]])] == [1, 3, 5]


@pytest.mark.parametrize(
    ("quantities", "taken"),
    [
        ([], 0),
        ([[10]], 1),
        ([[4], [4], [4]], 2),
        ([[4], [6], [1]], 2),
        ([[4, 4], [4]], 2),
        ([[4], [4, 4], [1]], 1),
        ([[20], [1]], 1),
        ([[9, 9], [1]], 2),
    ],
    ids=str,
)
def test_whole_blocks_are_taken_up_to_a_number_of_tokens(monkeypatch, quantities, taken):
    monkeypatch.setattr(stretch, "MOST_TOKENS", 10)
    mints = [
        mint(1, quantity, block)
        for block, of_block in enumerate(quantities)
        for quantity in of_block
    ]
    assert cut(mints) == mints[:taken]


@pytest.mark.parametrize(
    ("spans", "begin", "end", "found"),
    [
        ([], None, None, []),
        ([], None, 5, []),
        ([], 1, 1, []),
        ([], 1, 4, [Gap(1, 4)]),
        ([(1, 2), (3, 1)], 1, 4, []),
        ([(3, 1), (1, 2)], 1, None, []),
        ([(3, 2)], 1, 5, [Gap(1, 3)]),
        ([(3, 2)], None, 5, []),
        ([(1, 1), (3, 1)], 1, 6, [Gap(2, 3), Gap(4, 6)]),
        ([(1, 1), (3, 1)], None, None, [Gap(2, 3)]),
        # What is below the beginning was read before.
        ([(1, 9), (10, 1)], 10, 11, []),
        # A contract whose word is older than its logs.
        ([(1, 9)], 1, 5, []),
    ],
    ids=str,
)
def test_tokens_that_nobody_told_of_are_seen(spans, begin, end, found):
    mints = [mint(*span) for span in spans]
    assert gaps(mints, [], begin, end) == found
    told = [known(each, "contract", tx_hash=None, log_index=None) for each in mints]
    assert gaps([], told, begin, end) == found
    # Logs that were known from elsewhere are still to be found in the chain.
    assert gaps([], [known(each) for each in mints], begin, begin) == []


def test_only_logs_that_the_stretch_should_have_are_missed():
    here, moved, lost, later = (mint(n, block=n) for n in (1, 2, 3, 9))
    told = known(mint(4, block=3), "contract", tx_hash=None, log_index=None)
    mints = [here, moved._replace(block_number=3)]
    assert gone([*map(known, (here, moved, lost, later)), told], mints, 5) == ["3"]
