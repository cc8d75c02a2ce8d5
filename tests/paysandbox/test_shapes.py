"""Every object that the sandbox answers carries the fields and types of Stripe's published examples."""

import json
import os
import warnings
from inspect import get_annotations
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import stripe
from stripe._object_classes import get_object_class
from stripe._stripe_object import StripeObject, UntypedStripeObject

from .conftest import Sandbox

Json = dict[str, Any]
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "stripe" / "fixtures3.json"


def _examples() -> Json:
    path = Path(os.environ.get("STRIPE_FIXTURES", BESIDE))
    if not path.exists():
        warning = (
            f"Stripe's published examples are not at {path} (set STRIPE_FIXTURES): shapes were NOT compared."
        )
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(warning, stacklevel=1)
        pytest.skip(warning)
    found: Json = json.loads(path.read_text())["resources"]
    return found


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", dict: "object", list: "array", NoneType: "null"}[type(value)]


def _parts(annotation: object) -> list[object]:
    if get_origin(annotation) in (Union, UnionType):
        return [part for one in get_args(annotation) for part in _parts(one)]
    return [annotation]


def _annotation(owner: type[StripeObject] | None, name: str) -> object | None:
    for base in owner.__mro__ if owner is not None else ():
        own = get_annotations(base)
        if name in own:
            found: object = own[name]
            return found
    return None


def _inner(annotation: object | None) -> type[StripeObject] | None:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, StripeObject) and part is not UntypedStripeObject:
            return part
    return None


def _compare(example: Json, ours: Json, owner: type[StripeObject] | None, where: str) -> list[str]:
    """Return what an object lacks of an example, or has as another JSON type."""
    wrong = []
    for name, sample in example.items():
        place = f"{where}.{name}"
        if name not in ours:
            wrong.append(f"{place} is missing")
            continue
        value, annotation = ours[name], _annotation(owner, name)
        nullable = annotation is None or NoneType in _parts(annotation)
        if value is None:
            if sample is not None and not nullable:
                wrong.append(f"{place} is null but may not be")
        elif sample is not None and _kind(value) != _kind(sample):
            if not (_kind(value) == "object" and "object" in value):
                wrong.append(f"{place} is {_kind(value)}, Stripe has {_kind(sample)}")
        elif isinstance(value, dict) and isinstance(sample, dict) and "object" not in value:
            inner = _inner(annotation)
            if inner is not None:
                # The examples fill every optional part of a nested object; what Stripe may leave out, we may.
                needed = {key: part for key, part in sample.items() if key in value or _needed(inner, key)}
                wrong += _compare(needed, value, inner, place)
    return wrong


def _needed(owner: type[StripeObject], name: str) -> bool:
    annotation = _annotation(owner, name)
    return annotation is not None and NoneType not in _parts(annotation)


def _all_objects(node: object) -> list[Json]:
    found: list[Json] = []
    if isinstance(node, dict):
        if isinstance(node.get("object"), str) and node["object"] != "list":
            found.append(node)
        for value in node.values():
            found += _all_objects(value)
    elif isinstance(node, list):
        for value in node:
            found += _all_objects(value)
    return found


async def _walk_everything(sandbox: Sandbox) -> list[Json]:
    """Live through all that the sandbox can do and return every object that it then answers."""
    api = sandbox.api.v1
    card, wallet = await sandbox.gift(), await sandbox.gift(method="alipay")
    await sandbox.gift(method="wechat_pay")
    for outcome in ("card_declined", "late", "late_failed", "expired"):
        session = await sandbox.open_session()
        await sandbox.choose(session.id, outcome)
    challenged = await sandbox.open_session()
    await sandbox.browser.post(f"/c/pay/{challenged.id}/challenge", data={"decision": "approve"})
    await api.refunds.create_async({"payment_intent": wallet.id, "amount": 300})
    failing = await api.refunds.create_async({"payment_intent": wallet.id, "amount": 200})
    await sandbox.command(f"refunds/{failing.id}/fail")
    dispute = await sandbox.command("disputes", payment_intent=card.id)
    await sandbox.command(f"disputes/{dispute['id']}/close", outcome="won")
    subscription = await sandbox.monthly()
    setup = await api.checkout.sessions.create_async(
        {"mode": "setup", "customer": str(subscription.customer), "success_url": "https://example.com/ok"}
    )
    await sandbox.choose(setup.id, "paid")
    await api.subscriptions.update_async(subscription.id, {"pause_collection": {"behavior": "void"}})
    await sandbox.command("clock", days=40)
    await api.subscriptions.cancel_async(subscription.id)
    await sandbox.command("payouts", all=True)
    found: list[Json] = []
    for path in (
        "checkout/sessions?expand[]=data.line_items",
        "payment_intents?expand[]=data.latest_charge.balance_transaction&expand[]=data.payment_method",
        "charges?expand[]=data.refunds",
        "refunds",
        "disputes",
        "balance_transactions?expand[]=data.source",
        "balance",
        "payouts",
        "events",
        "customers",
        "subscriptions?status=all",
        "invoices?expand[]=data.payments",
        "setup_intents",
        "products",
        "prices",
        f"payment_methods?customer={subscription.customer}",
    ):
        mark = "&" if "?" in path else "?"
        limit = "" if path == "balance" else f"{mark}limit=100"
        answer = await sandbox.browser.get(
            f"/v1/{path}{limit}", headers={"Authorization": "Bearer sk_test_1"}
        )
        assert answer.status_code == 200, answer.text
        found += _all_objects(answer.json())
    return found


KINDS = {
    "balance",
    "balance_transaction",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "event",
    "invoice",
    "invoice_payment",
    "item",
    "line_item",
    "payment_intent",
    "payment_method",
    "payout",
    "plan",
    "price",
    "product",
    "refund",
    "setup_intent",
    "subscription",
    "subscription_item",
}


async def test_every_object_has_the_fields_and_types_of_stripes_examples(sandbox: Sandbox) -> None:
    examples = _examples()
    objects = await _walk_everything(sandbox)
    assert {one["object"] for one in objects} == KINDS
    wrong: set[str] = set()
    for one in objects:
        kind = one["object"]
        example = dict(examples[kind])
        if kind == "payment_method" and one["type"] != "card":
            del example["card"]  # this part is named after the kind of method
        wrong |= set(_compare(example, one, get_object_class("V1", kind), kind))
    assert sorted(wrong) == []


async def test_every_field_that_the_sdk_requires_is_there_and_not_null(sandbox: Sandbox) -> None:
    wrong: set[str] = set()
    for one in await _walk_everything(sandbox):
        owner = get_object_class("V1", one["object"])
        for name, annotation in get_annotations(owner).items():
            required = NoneType not in _parts(annotation) and name not in (
                "OBJECT_NAME",
                "_inner_class_types",
            )
            if required and one.get(name) is None and not _only_some(one["object"], name):
                wrong.add(f"{one['object']}.{name}")
    assert sorted(wrong) == []


def _only_some(kind: str, name: str) -> bool:
    """Say whether the SDK's annotation lies: fields that only deleted or expanded objects have."""
    return (kind, name) in {("event", "account")}


async def test_the_sdk_pins_the_version_that_the_sandbox_answers(sandbox: Sandbox) -> None:
    answer = await sandbox.api.v1.balance.retrieve_async()
    assert answer.last_response is not None
    assert answer.last_response.headers["stripe-version"] == stripe.api_version
