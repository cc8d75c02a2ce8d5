"""The list of staff over approval bands: what an amount asks for, and the days from which it holds."""

from collections.abc import Sequence

from cishan.approvals.rules import KINDS
from cishan.identity.rules.roles import ROLE_NAMES
from cishan.kernel.text import N_
from cishan.plumbing.i18n import gettext
from cishan.plumbing.lists import Choice, Column, Kind, List, Option, Row

_TODAY = "($NOW AT TIME ZONE 'Asia/Shanghai')::date"
_STANDING = f"""CASE WHEN band.effective_from > {_TODAY} THEN 'later'
                     WHEN band.effective_to < {_TODAY} OR EXISTS (
                          SELECT FROM approval_band AS next WHERE next.kind = band.kind
                             AND next.from_fen = band.from_fen AND next.effective_from > band.effective_from
                             AND next.effective_from <= {_TODAY}) THEN 'over'
                     ELSE 'now' END"""
_WORDS = {"now": N_("Holds now"), "later": N_("Not yet"), "over": N_("Replaced or ended")}


def _named(roles: Sequence[str]) -> str:
    names = {str(role): name for role, name in ROLE_NAMES.items()}
    return "、".join(gettext(names[role]) if role in names else role for role in roles)


async def _in_words(rows: list[Row]) -> None:
    for row in rows:
        kind = KINDS.get(row["kind_code"])
        row["kind"] = gettext(kind.title) if kind else row["kind_code"]
        row["propose"] = _named(row["propose_roles"])
        row["check"] = _named(row["check_roles"])
        present = row["panel_present"]
        row["panel"] = f"{_named([row['panel_role']])} ≥ {present}" if present else ""
        row["release"] = _named([row["release_role"]]) if row["release_role"] else ""


async def _kinds() -> Sequence[Option]:
    return [Option(code, gettext(kind.title), code) for code, kind in sorted(KINDS.items())]


BANDS = List(
    code="rules/bands",
    title=N_("Approval bands"),
    source="approval_band AS band",
    key="(band.from_fen, band.effective_from, band.id)",
    order="kind_code",
    more=_in_words,
    columns=(
        Column(code="kind", title=N_("Kind of approval")),
        Column(code="kind_code", title=N_("Code of the kind"), sql="band.kind", on_screen=False, sorts=True),
        Column(code="from_fen", title=N_("From amount"), kind=Kind.MONEY, sql="band.from_fen", sorts=True),
        Column(code="propose", title=N_("Proposed by"), wide=True),
        Column(code="check", title=N_("Checked by"), wide=True),
        Column(code="panel", title=N_("Council panel")),
        Column(code="release", title=N_("Released by")),
        Column(code="source", title=N_("Source"), sql="band.source"),
        Column(
            code="effective_from",
            title=N_("In force from"),
            kind=Kind.DATE,
            sql="band.effective_from",
            sorts=True,
        ),
        Column(
            code="effective_to",
            title=N_("In force until"),
            kind=Kind.DATE,
            sql="band.effective_to",
            sorts=True,
            nulls=True,
        ),
        Column(
            code="standing",
            title=N_("State"),
            kind=Kind.CHOICE,
            sql=_STANDING,
            words=_WORDS,
            tones={"now": "good", "later": "calm", "over": "plain"},
        ),
        *(
            Column(code=code, title="", sql=f"band.{code}", on_screen=False, in_file=False)
            for code in ("propose_roles", "check_roles", "panel_role", "panel_present", "release_role")
        ),
    ),
    filters=(
        Choice(code="kind", title=N_("Kind of approval"), sql="band.kind = {}", options=_kinds),
        Choice(code="standing", title=N_("State"), sql=f"{_STANDING} = {{}}", words=_WORDS),
    ),
    empty=N_("No rule fits these filters."),
)
