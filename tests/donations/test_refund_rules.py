"""Why money cannot be sent back from here."""

import pytest

from cishan.donations.rules.refunds import BY_BANK, BY_HAND, why_not_from_here


@pytest.mark.parametrize(
    ("channel", "payment_intent_id", "why"),
    [
        ("card", "pi_1", ""),
        ("bank_transfer", "", BY_BANK),
        ("card", "", BY_HAND),
        ("", "", BY_HAND),
    ],
)
def test_the_true_reason_is_named(channel: str, payment_intent_id: str, why: str) -> None:
    assert why_not_from_here(channel=channel, payment_intent_id=payment_intent_id) == why
