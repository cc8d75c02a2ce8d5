"""What a payment sandbox can be told from outside: one frozen value, made from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API_VERSION = "2026-10-28.endive"
"""The API version whose objects the sandbox answers: the one that stripe 16.1 pins."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Fee:
    """A processing fee: basis points of the amount (rounded half up) plus a fixed part, in fen."""

    basis_points: int
    fixed_fen: int = 0

    def of(self, amount: int) -> int:
        """Return the fee on an amount, in the same minor units."""
        return (amount * self.basis_points + 5_000) // 10_000 + self.fixed_fen


def _default_fees() -> dict[str, Fee]:
    return {"card": Fee(290, 30), "alipay": Fee(60), "wechat_pay": Fee(60)}


@dataclass(frozen=True)
class Config:
    """Settings of one sandbox. Times are seconds of the sandbox's own clock unless named otherwise."""

    state: str = ":memory:"
    public_url: str = "http://127.0.0.1:12111"
    merchant: str = "慈善会（演示）"
    secret_key: str | None = None
    """When set, the only key accepted; otherwise every `sk_test_…` is."""
    seed: str | None = None
    """Makes ids and shuffles reproducible; without it each new state file draws its own."""
    frozen_at: int | None = None
    """When set, the clock stands at this time and moves only by `advance`; otherwise it follows real time."""
    webhook_urls: tuple[str, ...] = ()
    webhook_secrets: tuple[str, ...] = ("whsec_sandbox",)
    """Every delivery is signed with each of them, as Stripe does while a secret is being rotated."""
    webhook_events: tuple[str, ...] = ("*",)
    """The types of event that the endpoints want, as patterns (`charge.*`)."""
    retry_delays: tuple[int, ...] = (5, 30, 120, 600, 3600, 10_800, 36_000, 86_400)
    webhook_timeout_seconds: float = 20.0
    webhook_concurrency: int = 16
    currencies: tuple[str, ...] = ("cny",)
    minimum_amount: int = 100
    maximum_amount: int = 99_999_999
    fees: Mapping[str, Fee] = field(default_factory=_default_fees)
    dispute_fee: int = 10_000
    dispute_fee_returned_when_won: bool = False
    capture_delay: int = 0
    """From charge.succeeded (no balance transaction yet) to charge.updated (with it)."""
    late_payment_delay: int = 20
    refund_delay: int = 10
    """How long a wallet refund stays pending."""
    available_after_days: int = 2
    payout_arrival: int = 86_400
    reconciliation_delay: int = 3_600
    invoice_draft: int = 3_600
    """How long a renewal's invoice stays a draft before it is finalised and charged."""
    dunning_days: tuple[int, ...] = (3, 5, 7)
    """Days between the retries of a renewal that failed; after the last one the subscription is cancelled."""
    account_id: str = "acct_1SandboxCharity00"


def load(environ: Mapping[str, str]) -> Config:
    """Read the settings that a deployment may give as PAYSANDBOX_… variables."""
    defaults = Config()
    urls = environ.get("PAYSANDBOX_WEBHOOK_URL", "")
    secrets = environ.get("PAYSANDBOX_WEBHOOK_SECRET", "")
    frozen = environ.get("PAYSANDBOX_FROZEN_AT")
    return Config(
        state=environ.get("PAYSANDBOX_STATE", defaults.state),
        public_url=environ.get("PAYSANDBOX_PUBLIC_URL", defaults.public_url),
        merchant=environ.get("PAYSANDBOX_MERCHANT", defaults.merchant),
        secret_key=environ.get("PAYSANDBOX_SECRET_KEY"),
        seed=environ.get("PAYSANDBOX_SEED"),
        frozen_at=int(frozen) if frozen else None,
        webhook_urls=split(urls),
        webhook_events=split(environ.get("PAYSANDBOX_WEBHOOK_EVENTS", "")) or defaults.webhook_events,
        webhook_secrets=split(secrets) or defaults.webhook_secrets,
        late_payment_delay=int(environ.get("PAYSANDBOX_LATE_SECONDS", defaults.late_payment_delay)),
        refund_delay=int(environ.get("PAYSANDBOX_REFUND_SECONDS", defaults.refund_delay)),
        capture_delay=int(environ.get("PAYSANDBOX_CAPTURE_SECONDS", defaults.capture_delay)),
        minimum_amount=int(environ.get("PAYSANDBOX_MINIMUM_AMOUNT", defaults.minimum_amount)),
    )


def split(words: str) -> tuple[str, ...]:
    """Split a comma-separated setting, dropping blanks."""
    return tuple(word.strip() for word in words.split(",") if word.strip())
