"""What a message says once it was read: of which records, whose they are, and what was noted."""

from __future__ import annotations

from dataclasses import dataclass

from integrator.mapping import Face, Unmapped
from integrator.mapping.face import Reading
from integrator.records import Said
from integrator.records.values import Identifier

OF_NOBODY = ("Study",)  # kinds of records that are about no person


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one message says of one record."""

    kind: str
    key: str
    said: Said
    patient: Identifier | None  # whose it is, as the message names them; None: `subject` says it, or it is nobody's
    face: Face | None  # None: the form is our own
    why: str | None = None
    notes: tuple[str, ...] = ()
    reading: Reading | None = None  # what the face read; None: the form is our own
    open_codes: tuple[tuple[str, str], ...] = ()
    correction: bool = False  # the sender says that an earlier message was a mistake
    subject: str | None = None  # the subject code, where the message names a participant and no patient

    @property
    def unmapped(self) -> list[Unmapped]:
        """What nobody mapped; worked out when somebody asks, which of most messages of a hospital nobody does."""
        return self.reading.unmapped if self.reading else []


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What one message says of hospital numbers themselves; see integrator/merging.py."""

    kind: str  # merging.KINDS, or "unfollowed"
    number: Identifier | None = None  # that is retired, renamed, linked, moved
    into: Identifier | None = None
    out_of: Identifier | None = None
    undoes: int | None = None  # a person's undo: which change of the ledger
    why: str = ""  # unfollowed: what it would do
    persons: tuple[Said, ...] = ()  # what it says of who has the numbers: birth date and identifiers

    @property
    def named(self) -> tuple[Identifier, ...]:
        """The numbers that it names."""
        return tuple(one for one in (self.number, self.into, self.out_of) if one is not None)


@dataclass(frozen=True, slots=True)
class Read:
    """A message that was understood; no records: no face takes this type, or it speaks of numbers."""

    records: tuple[Spoken, ...]
    trigger: str | None
    numbers: tuple[NumberChange, ...] | None = None  # not None: an identity change
    beside: str = ""  # why it makes no record

    @property
    def of_nobody(self) -> bool:
        """Whether it speaks of no person: a registry record."""
        return bool(self.records) and all(one.kind in OF_NOBODY for one in self.records)
