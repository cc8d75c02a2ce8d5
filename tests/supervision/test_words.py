"""The history is told in people's words: no code of a state or an event comes to a page."""

import re

from cishan.campaigns.rules import STEPS, NewsKind
from cishan.donations.rules.giving import GiftStatus, PlanStatus, RefundStatus
from cishan.donations.rules.monthly import EDGES
from cishan.identity.queries.telling import ACTORS, actor_word, role_word
from cishan.plumbing import i18n
from cishan.plumbing.db import fetch
from cishan.settings import ROOT
from cishan.supervision.queries.telling import event_word, state_word
from cishan.supervision.rules import SUBJECTS

WATCHED = r"""
    SELECT substring(f.prosrc FROM 't.subject_kind = ''([a-z_]+)''') AS kind
      FROM pg_catalog.pg_proc AS f WHERE f.proname ~ '_keeps_history$' ORDER BY 1"""


async def test_every_watched_kind_of_thing_has_a_name(db: None) -> None:
    kinds = {row["kind"] for row in await fetch(WATCHED)}
    assert kinds >= {"donation", "refund", "campaign", "monthly_plan", "gift_message", "approval"}
    assert kinds - set(SUBJECTS) == set()


def test_every_state_and_event_of_the_machines_has_words() -> None:
    assert {s.value for s in GiftStatus} - set(SUBJECTS["donation"].states) == set()
    assert {s.value for s in RefundStatus} - set(SUBJECTS["refund"].states) == set()
    assert {s.value for s in PlanStatus} - set(SUBJECTS["monthly_plan"].states) == set()
    assert set(EDGES) - set(SUBJECTS["monthly_plan"].events) == set()
    news = {f"publish_{kind}" for kind in NewsKind}
    assert {step.event for step in STEPS} | news | {"draft"} == set(SUBJECTS["campaign"].events)


def test_every_kind_that_the_code_writes_down_has_a_name() -> None:
    written = set()
    for path in (ROOT / "src" / "cishan").rglob("*.py"):
        written |= set(re.findall(r'Transition\(\s*subject_kind="([a-z_]+)"', path.read_text()))
    assert written
    assert written - set(SUBJECTS) == set()


def test_words_are_those_of_the_reader_and_what_has_none_stands_for_itself() -> None:
    with i18n.speaking("zh-CN"):
        assert event_word("campaign", "accept") == "备案通过"
        assert state_word("campaign", "live") == "募捐中"
        assert (actor_word("stripe", {}), role_word("auditor")) == ("支付机构", "审计员")
    with i18n.speaking("en"):
        assert event_word("campaign", "accept") == "Filing accepted"
    assert (event_word("nothing", "x"), state_word("campaign", "x"), role_word("")) == ("x", "x", "")
    assert set(ACTORS) == {"system", "stripe", "giver"}
