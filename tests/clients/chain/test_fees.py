"""What a reveal pays."""

from __future__ import annotations

import pytest

from webapp.clients.chain.fees import GWEI, Fees, Prices, enough, first_fees, raised_fees

CAP = 5 * GWEI


@pytest.mark.parametrize(
    ("prices", "fees"),
    [
        (Prices(GWEI, GWEI // 10), Fees(2 * GWEI + GWEI // 10, GWEI // 10)),
        (Prices(GWEI, 0), Fees(2 * GWEI + 10**6, 10**6)),  # some nodes want a tip
        (Prices(4 * GWEI, GWEI // 10), Fees(CAP, GWEI // 10)),
        (Prices(4 * GWEI, 90 * GWEI), Fees(CAP, GWEI)),  # recommended is not required
        (Prices(CAP, 0), None),
        (Prices(90 * GWEI, 0), None),
    ],
)
def test_a_new_reveal_has_room_for_a_base_fee_that_doubles_but_keeps_to_the_cap(prices, fees):
    assert first_fees(prices, CAP) == fees


@pytest.mark.parametrize("last", [Fees(1, 1), Fees(7, 3), Fees(10**9 + 1, 10**6 + 1)])
@pytest.mark.parametrize("prices", [Prices(7, 0), Prices(GWEI, GWEI // 10), Prices(CAP, 0)])
def test_what_replaces_another_pays_an_eighth_more_of_both(last, prices):
    raised = raised_fees(last, prices, CAP)
    assert raised.max_fee * 8 >= last.max_fee * 9
    assert raised.tip * 8 >= last.tip * 9
    assert raised.tip <= raised.max_fee <= CAP


def test_it_follows_the_market_if_that_has_risen_more():
    raised = raised_fees(Fees(GWEI, 10**6), Prices(2 * GWEI, GWEI // 10), CAP)
    assert raised == Fees(4 * GWEI + GWEI // 10, GWEI // 10)


def test_at_the_cap_there_is_nothing_that_would_replace_it():
    assert raised_fees(Fees(CAP, 10**6), Prices(GWEI, 0), CAP) is None
    assert raised_fees(Fees(CAP * 8 // 9 + 1, 10**6), Prices(GWEI, 0), CAP) is None
    assert raised_fees(Fees(CAP * 8 // 9, 10**6), Prices(GWEI, 0), CAP) is not None


def test_a_keeper_should_have_enough_for_ten_full_reveals():
    assert enough(Prices(GWEI, 0)) == 10 * 6_000_000 * (2 * GWEI + 10**6)
