"""The bodies that programs send, where they are more than the fields of an entry: whose it is, why, a link, an end."""

from __future__ import annotations

from marshmallow import Schema, fields

from integrator.records import participant
from integrator.records.schemas import SCHEMAS
from integrator.records.schemas import fields as of
from integrator.records.schemas.entries import ConsentSchema, Entry


class Why(Entry):
    """What may stand beside the fields of a change."""

    why = of.Words(metadata={"description": "Why it is changed, for the journal."})
    correction = of.YesNo(metadata={"description": "An earlier entry was a mistake."})


class Which(Why):
    """Of what a new entry is."""

    subject = of.Name(required=True, metadata={"description": "The subject code."})
    key = of.Name(metadata={"description": "The trial's own name of it, as S-04."})


class FirstConsent(ConsentSchema):
    """The consent with which a participant enters the trial."""

    class Meta(Entry.Meta):
        fields = ("date", "version")


class Link(Entry):
    """A participant, and the patient that they are. The hospital number is kept encrypted and never shown."""

    subject = of.Name(required=True, metadata={"description": "The subject code; it says nothing of the patient."})
    number = of.Words(required=True, metadata={"description": "The hospital number.", "writeOnly": True})
    second = of.Words(
        required=True, metadata={"description": "A birth date, YYYY-MM-DD, or TYPE|value.", "writeOnly": True}
    )
    consent = fields.Nested(FirstConsent, required=True, error_messages=of.NOTHING_SAID)
    arm = of.Words()
    status = of.Word(participant.STATUSES)


class Withdrawal(Entry):
    """The end of a consent."""

    scope = of.Word(participant.SCOPES, required=True, metadata={"description": "What is withdrawn."})
    on = of.Day(required=True, metadata={"description": "The day from which the consent no longer holds."})
    reason = of.Words(metadata={"description": "Why, if they said it."})


WHICH, WHY = Which(), Why()


def new_entry(kind: str) -> type[Schema]:
    """The shape of the body that makes a record of this kind: the fields of its entry and of what it is."""
    return type(f"New{kind}", (SCHEMAS[kind], Which), {"__doc__": SCHEMAS[kind].__doc__})


def changed_entry(kind: str) -> type[Schema]:
    """The shape of the body that changes a record of this kind: the fields that change."""
    return type(f"Changed{kind}", (SCHEMAS[kind], Why), {"__doc__": SCHEMAS[kind].__doc__})
