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
class Read:
    """A message that was understood; no records: no face takes this type."""

    records: tuple[Spoken, ...]
    trigger: str | None

    @property
    def of_nobody(self) -> bool:
        """Whether it speaks of no person: a registry record."""
        return bool(self.records) and all(one.kind in OF_NOBODY for one in self.records)
