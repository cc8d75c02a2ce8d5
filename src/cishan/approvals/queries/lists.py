"""The lists of approvals: what waits for somebody, what they proposed, and all within their reach."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from cishan.approvals.rules import KINDS, STATE_LABELS, STATE_TONES, SUBJECT, State
from cishan.deadlines import queries as deadlines
from cishan.deadlines.rules import Colour
from cishan.identity.queries.names import names_of
from cishan.identity.rules.roles import ROLE_NAMES, Role
from cishan.kernel.text import N_
from cishan.plumbing import i18n
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Amounts, Choice, Column, Condition, Days, Kind, List, Row, Text


class _KindTitles(Mapping[str, str]):
    """The titles of the kinds that slices registered by the time a page is asked for."""

    def __getitem__(self, code: str) -> str:
        return KINDS[code].title

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(KINDS))

    def __len__(self) -> int:
        return len(KINDS)


def role_names(roles: Sequence[str]) -> str:
    """Return the names of roles in the language of the request."""
    mark = "、" if i18n.language() == i18n.CHINESE else ", "
    return mark.join(gettext(ROLE_NAMES[Role(role)]) for role in roles)


async def _in_words(rows: list[Row]) -> None:
    """Fill in who proposed, whose step it is, and the colour of the clock that runs."""
    names = await names_of({row["maker_id"] for row in rows})
    colours = await deadlines.colours_of(SUBJECT, [row["id"] for row in rows])
    for row in rows:
        row["maker"] = names.get(row["maker_id"], "")
        row["waits"] = role_names(row["waits_for"])
        row["clock"] = colours.get(str(row["id"]))


_STATES = {state: label for state, label in STATE_LABELS.items() if state != State.DRAFT}
WAITING = List(
    code="approvals",
    title=N_("For me to decide"),
    source="approval AS a JOIN approval_step AS p ON p.approval = a.id AND p.position = 1",
    key="a.id",
    order="created_at",
    more=_in_words,
    personal=True,
    columns=(
        Column(
            code="reference",
            title=N_("Reference"),
            sql="upper(right(a.id::text, 8))",
            link="/staff/approvals/{id}",
        ),
        Column(code="id", title="", sql="a.id", on_screen=False, in_file=False),
        Column(
            code="kind",
            title=N_("Kind of approval"),
            kind=Kind.CHOICE,
            sql="a.kind",
            sorts=True,
            words=_KindTitles(),
        ),
        Column(code="title", title=N_("What"), sql="a.title", link="/staff/approvals/{id}"),
        Column(
            code="state",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql="a.state",
            words=STATE_LABELS,
            tones=STATE_TONES,
        ),
        Column(
            code="clock",
            title=N_("Deadline"),
            kind=Kind.CHOICE,
            words={Colour.GREEN: N_("In time"), Colour.YELLOW: N_("Due soon"), Colour.RED: N_("Overdue")},
            tones={Colour.GREEN: "good", Colour.YELLOW: "warn", Colour.RED: "bad"},
        ),
        Column(code="waits", title=N_("Waits for")),
        Column(code="waits_for", title="", sql="a.waits_for", on_screen=False, in_file=False),
        Column(code="maker", title=N_("Proposed by")),
        Column(code="maker_id", title="", sql="p.person", on_screen=False, in_file=False),
        Column(code="created_at", title=N_("Proposed on"), kind=Kind.MOMENT, sql="a.created_at", sorts=True),
        Column(code="round", title=N_("Round"), kind=Kind.NUMBER, sql="a.round", on_screen=False),
        Column(
            code="amount_fen",
            title=N_("Amount"),
            kind=Kind.MONEY,
            sql="a.amount_fen",
            sorts=True,
            sums=True,
        ),
    ),
    filters=(
        Text(code="title", title=N_("What"), sql="a.title ILIKE {}"),
        Choice(code="kind", title=N_("Kind of approval"), sql="a.kind = {}", words=_KindTitles()),
        Days(code="proposed", title=N_("Proposed on"), sql="a.created_at", moments=True),
        Amounts(code="amount", title=N_("Amount"), sql="a.amount_fen"),
    ),
)
_BY_STATE = (
    *WAITING.filters,
    Choice(code="state", title=N_("State"), sql="a.state = {}", words=_STATES),
)
MINE = replace(
    WAITING, code="approvals/mine", title=N_("Proposed by me"), order="-created_at", filters=_BY_STATE
)
ALL = replace(
    WAITING, code="approvals/all", title=N_("All approvals"), order="-created_at", filters=_BY_STATE
)


def proposed_by(person_id: UUID) -> Condition:
    """Return the condition that a person proposed an approval."""
    return "p.person = {}", (person_id,)


def within(regions: Sequence[str]) -> Condition:
    """Return the condition that an approval lies in some regions (patterns of codes)."""
    return "a.region LIKE ANY ({}::text[])", (list(regions),)


def of_kinds(kinds: Collection[str]) -> Condition:
    """Return the condition that an approval is of one of some kinds."""
    return "a.kind = ANY ({}::text[])", (sorted(kinds),)
