"""Approvals, their steps, what an amount asks for, and who declared to be related to whom."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Bytea,
    Date,
    ForeignKey,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from cishan.files.tables import File
from cishan.identity.tables.people import Person
from cishan.identity.tables.posts import RoleGrant
from cishan.identity.tables.regions import Organisation, Region
from cishan.plumbing.sealed import sealed

PAYEE_NAME = sealed("approval", "payee_name_enc")
PAYEE_CONTACT = sealed(
    "approval", "payee_contact_enc", index="payee_contact_index", purpose="related contact"
)
RELATED_NAME = sealed("related_party", "name_enc")
RELATED_CONTACT = sealed("related_party", "contact_enc", index="contact_index", purpose="related contact")
CONTACT_PURPOSE = "related contact"


class ApprovalBand(Table, tablename="approval_band"):
    """What an amount of a kind asks for, from a day on; its terms never change."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=40, default=None)
    from_fen = BigInt(default=None)
    propose_roles = Array(base_column=Varchar(), default=None)
    check_roles = Array(base_column=Varchar(), default=None)
    panel_role = Varchar(length=40, default="")
    panel_present = SmallInt(default=0)
    release_role = Varchar(length=40, default="")
    effective_from = Date(default=None)
    effective_to = Date(default=None, null=True)
    source = Varchar(length=200, default=None)

    approval_band_version = Unique([kind, from_fen, effective_from])
    approval_band_amount = Check("from_fen >= 0")
    approval_band_is_checked = Check("cardinality(check_roles) > 0 AND cardinality(propose_roles) > 0")
    approval_band_panel = Check(
        "panel_present BETWEEN 0 AND 50 AND (panel_present > 0) = (panel_role <> '') AND panel_present <> 1"
    )
    approval_band_span = Check("effective_to >= effective_from")


class Approval(Table, tablename="approval"):
    """Something that one person proposed and others decide. Only the database moves its state."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=40, default=None)
    subject_kind = Varchar(length=40, default=None)
    subject_id = Varchar(length=80, default=None)
    title = Varchar(length=200, default=None)
    amount_fen = BigInt(default=None)
    band = ForeignKey(ApprovalBand, on_delete=OnDelete.restrict, null=False)
    payee_name_enc = Bytea(default=None, null=True)
    payee_person = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    payee_uscc = Varchar(length=18, default="")
    payee_contact_enc = Bytea(default=None, null=True)
    payee_contact_index = Bytea(default=None, null=True)
    organisation = ForeignKey(Organisation, on_delete=OnDelete.restrict, null=False, index=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict, null=False, index=True)
    facts = JSONB(default=None)
    """Pairs of a label and a value, as they were proposed; nothing personal."""
    round = SmallInt(default=1)
    previous = UUID(default=None, null=True, unique=True)
    """The round before; the guards hold it to be one of the same thing."""
    created_at = Timestamptz(default=None, index=True)
    state = Varchar(length=12, default="draft")
    waits_for = Array(base_column=Varchar(), default=list)

    approval_amount = Check("amount_fen >= 0")
    approval_state = Check(
        "state IN ('draft', 'checking', 'panel', 'releasing', 'done', 'returned', 'rejected', 'withdrawn')"
    )
    approval_round = Check("round >= 1 AND (round = 1) = (previous IS NULL)")


class ApprovalStep(Table, tablename="approval_step"):
    """What one person did in one approval. The database fills in position and states."""

    id = UUID(primary_key=True, default=None)
    approval = ForeignKey(Approval, on_delete=OnDelete.restrict, null=False, index=True)
    position = SmallInt(default=0)
    stage = Varchar(length=10, default=None)
    decision = Varchar(length=8, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    role_grant = ForeignKey(RoleGrant, on_delete=OnDelete.restrict, null=False, index=True)
    acting_role = Varchar(length=40, default=None)
    at = Timestamptz(default=None)
    reason = Varchar(length=500, default="")
    participants = Array(base_column=UUID(), default=list)
    minutes_file = ForeignKey(File, on_delete=OnDelete.restrict, null=True, index=True)
    minutes_sha256 = Bytea(default=None, null=True)
    from_state = Varchar(length=12, default="draft")
    to_state = Varchar(length=12, default="draft")
    waits_for = Array(base_column=Varchar(), default=list)

    approval_step_position = Unique([approval, position])
    approval_step_stage = Check("stage IN ('propose', 'check', 'panel', 'release', 'withdraw')")
    approval_step_decision = Check(
        "decision IN ('pass', 'return', 'reject')"
        " AND (decision = 'pass' OR stage IN ('check', 'panel', 'release'))"
    )
    approval_step_says_why = Check("decision = 'pass' OR reason <> ''")
    approval_step_minutes = Check(
        "(minutes_file IS NULL) = (minutes_sha256 IS NULL) AND octet_length(minutes_sha256) = 32"
        " AND (stage = 'panel' OR (minutes_file IS NULL AND participants = '{}'))"
    )


class RelatedParty(Table, tablename="related_party"):
    """A person's word that they are bound to somebody whom money may reach."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(Person, on_delete=OnDelete.restrict, null=False, index=True)
    relation = Varchar(length=12, default=None)
    name_enc = Bytea(default=None)
    related_person = ForeignKey(Person, on_delete=OnDelete.restrict, null=True, index=True)
    uscc = Varchar(length=18, default="", index=True)
    contact_enc = Bytea(default=None, null=True)
    contact_index = Bytea(default=None, null=True, index=True)
    since = Date(default=None)
    until = Date(default=None, null=True)
    declared_at = Timestamptz(default=None)

    related_party_relation = Check(
        "relation IN ('spouse', 'parent', 'child', 'sibling', 'relative', 'employer', 'owner', 'other')"
    )
    related_party_can_be_found = Check("num_nonnulls(related_person, contact_index, nullif(uscc, '')) > 0")
    related_party_uscc = Check("uscc = '' OR length(uscc) = 18")
    related_party_contact_is_whole = Check("(contact_enc IS NULL) = (contact_index IS NULL)")
    related_party_is_somebody_else = Check("person <> related_person")
    related_party_span = Check("until >= since")
