"""Whatever several people try, in whatever order: page and database agree, and nobody acts twice."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cishan.approvals import actions, queries, rules
from cishan.approvals.actions import Declared
from cishan.approvals.rules import Acting, ApprovalView, Decision, Payee, Relation, Stage, State
from cishan.identity.actions import posts
from cishan.identity.queries.posts import posts_of
from cishan.identity.rules.roles import Role
from cishan.kernel import clock, ids
from cishan.kernel.errors import DomainError
from cishan.plumbing.db import connection
from cishan.settings import Settings
from tests.approvals import making
from tests.approvals.making import MINUTES, NOON, Office, a_member, all_rows, propose

OURS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ("maker", "checker", "second", "cashier", "elder", "sage", "third", "both", "gone", "auditor")
names, decisions = st.sampled_from(NAMES), st.sampled_from((*Decision, Decision.PASS, Decision.PASS))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("check"), names, decisions),
        st.tuples(st.just("check"), names, st.just(Decision.PASS)),
        st.tuples(st.just("release"), names, decisions),
        st.tuples(st.just("panel"), st.lists(names, min_size=1, max_size=5), decisions),
        st.tuples(st.just("panel"), st.permutations(("elder", "sage", "third")), st.just(Decision.PASS)),
        st.tuples(st.just("withdraw"), names, st.none()),
        st.tuples(st.just("revoke"), names, st.none()),
        st.tuples(st.just("relate"), names, st.none()),
        st.tuples(st.just("resubmit"), names, st.none()),
    ),
    min_size=4,
    max_size=14,
)
PAYEE = Payee(name="丙公司（演示）", uscc="91371400MA00000000")


@dataclass
class World:
    """Who there is, and which approval they work on."""

    office: Office
    approval_id: UUID
    thing: UUID
    amount_fen: int
    related: set[UUID] = field(default_factory=set)

    def person(self, name: str) -> UUID:
        return self.office.people[name].person_id


@pytest.fixture
async def office(db: None, config: Settings) -> AsyncIterator[Office]:
    with clock.fixed(NOON):
        made = await making.an_office()
        made.people["both"] = await a_member(made, Role.FINANCE_CHECKER)
        await a_member(made, Role.COUNCIL, person_id=made.people["both"].person_id)
        await a_member(made, Role.FINANCE_CHECKER, person_id=made.people["maker"].person_id)
        made.people["gone"] = await a_member(made, Role.FINANCE_CHECKER, ends_on=making.DAY.replace(day=1))
        yield made


@asynccontextmanager
async def for_a_while() -> AsyncIterator[None]:
    trial = connection().transaction()
    await trial.start()
    try:
        yield
    finally:
        making.approved.clear()
        await trial.rollback()


async def the_turn(world: World, view: ApprovalView, name: str, stage: Stage) -> Acting | None:
    """By which post the page offers this step to somebody; None: it says why not."""
    person = world.person(name)
    held = await posts_of(person)
    related = await queries.is_related(view.id, person, clock.today())
    assert related is (person in world.related)
    for turn in rules.turns(view, person_id=person, posts=held, related=related):
        if turn.stage is stage and turn.post is not None:
            return Acting(person, turn.post.grant_id, turn.post.role)
        assert turn.post is not None or turn.why_not
    return None


async def any_post(world: World, view: ApprovalView, name: str) -> Acting:
    held = await posts_of(world.person(name))
    fitting = [p for p in held if p.role in view.waits_for] or list(held)
    if not fitting:
        return world.office.people[name]
    return Acting(world.person(name), fitting[0].grant_id, fitting[0].role)


async def panel_may(world: World, view: ApprovalView, present: list[UUID]) -> bool:
    council = {p for p in present if any(h.role == Role.COUNCIL for h in await posts_of(p))}
    fresh = not set(present) & (view.actors | world.related)
    return fresh and len(set(present)) == len(present) == len(council) >= view.band.panel_present


async def take(world: World, verb: str, who: str | list[str], decision: Decision | None) -> None:
    view = await queries.approval(world.approval_id)
    name = who if isinstance(who, str) else who[0]
    if verb == "revoke":
        for post in await posts_of(world.person(name)):
            await posts.revoke(post.grant_id, because="调离", by=None)
        return
    if verb == "relate":
        declared = Declared(relation=Relation.OWNER, name="丙公司", uscc=PAYEE.uscc, since=clock.today())
        await actions.declare_related(world.person(name), declared)
        world.related.add(world.person(name))
        return
    if verb == "resubmit":
        by = world.office.people["maker"]
        may = view.state in {State.RETURNED, State.REJECTED, State.WITHDRAWN} and bool(
            by.person_id not in world.related
            and any(p.grant_id == by.grant_id for p in await posts_of(by.person_id))
        )
        new = await tried(
            may, propose(world.office, by, world.amount_fen, subject_id=world.thing, payee=PAYEE)
        )
        if isinstance(new, UUID):
            assert (await queries.approval(new)).previous_id == world.approval_id
            world.approval_id = new
        return
    stage = Stage(verb)
    turn = await the_turn(world, view, name, stage)
    by = turn or await any_post(world, view, name)
    assert decision is not None or stage is Stage.WITHDRAW
    match stage:
        case Stage.WITHDRAW:
            await tried(turn is not None, actions.withdraw(view.id, by))
        case Stage.CHECK:
            await tried(turn is not None, actions.check(view.id, by, decision or Decision.PASS, "理由"))
        case Stage.RELEASE:
            await tried(turn is not None, actions.release(view.id, by, decision or Decision.PASS, "理由"))
        case Stage.PANEL:
            present = [world.person(n) for n in (who if isinstance(who, list) else [who])]
            may = turn is not None and await panel_may(world, view, present)
            work = actions.decide_by_panel(
                view.id, by, decision or Decision.PASS, participants=present, minutes=MINUTES, reason="理由"
            )
            await tried(may, work)


async def tried(may: bool, work: object) -> object:
    """The step is taken exactly if the page offers it; a refusal changes nothing."""
    before = await all_rows()
    try:
        result: object = await work  # type: ignore[misc]
    except DomainError as error:
        assert not may, f"the page offers what the database refuses: {error}"
        assert await all_rows() == before
        return None
    assert may, "the database takes what the page does not offer"
    return result


async def nobody_acted_twice(world: World) -> None:
    view = await queries.approval(world.approval_id)
    acted = [
        p
        for step in view.steps
        if step.stage is not Stage.WITHDRAW
        for p in {step.person_id, *step.participants}
    ]
    assert len(acted) == len(set(acted))
    if view.state in {State.RELEASING, State.DONE}:
        passed = [s for s in view.steps if s.decision is Decision.PASS]
        checks = Counter(s.role for s in passed if s.stage is Stage.CHECK)
        assert checks == Counter(view.band.check_roles)
        panels = [s for s in passed if s.stage is Stage.PANEL]
        assert len(panels) == (1 if view.band.panel_present else 0)
        assert all(len(s.participants) >= view.band.panel_present and s.minutes_file for s in panels)
        released = any(s.stage is Stage.RELEASE for s in passed)
        assert released is (view.state is State.DONE and bool(view.band.release_role))
    done = (view.id, view.amount_fen)
    assert making.approved == ([done] if view.state is State.DONE else [])


@given(amount=st.sampled_from((5_000, 99_999, 100_000, 999_999, 1_000_000)), todo=steps)
@OURS
async def test_the_page_and_the_database_agree_whatever_is_tried(
    office: Office, amount: int, todo: list[tuple[str, str | list[str], Decision | None]]
) -> None:
    with clock.fixed(NOON):
        async with for_a_while():
            thing = ids.new_id()
            first = await propose(office, office.maker, amount, subject_id=thing, payee=PAYEE)
            world = World(office, first, thing, amount)
            for verb, who, decision in todo:
                await take(world, verb, who, decision)
                await nobody_acted_twice(world)
