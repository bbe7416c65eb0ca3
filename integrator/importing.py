"""A table of sessions or observations on its way in: each row checked in words, the right ones gathered by participant.

Wrong rows are told and left out; mended, the file is imported again, and what is there already is not stored twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from integrator.documents import row_said
from integrator.formats.delimited import Row, Table
from integrator.formats.rows import Numbered, Rows
from integrator.mapping import Face
from integrator.records.keys import record_key
from integrator.records.schemas import About, Problem
from integrator.records.texts import Unclear, read_moment, starts

KINDS = {
    "observations": "csv/observations",
    "sessions": "csv/sessions",
    "treatments": "csv/treatments",
}  # what people say: the face
NEEDED = {
    "csv/observations": ("subject", "instrument"),
    "csv/sessions": ("subject", "key", "status", "program"),
    "csv/treatments": ("subject", "key", "status"),
}
TOGETHER = 25  # rows of one participant in one message: what is merged at once must not keep a feed waiting
WATCHED = 500_000  # rows among which two of the same record are found; more would need too much memory
TOLD = 10_000  # problems that are kept in words


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one row."""

    line: int
    field: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {Problem(self.field, self.text)}"


@dataclass
class Importing:
    """One file. `parts` goes through it once; `wrong` and the counts tell what was seen so far."""

    table: Table
    face: Face
    participants: Mapping[str, About]  # by subject code
    study: str
    comma: bool = False
    site: str = ""
    rows: int = 0
    right: int = 0
    left_out: int = 0  # rows that are wrong
    wrong: list[Wrong] = field(default_factory=list)  # what is wrong with the first of them
    _keys: dict[int, int] = field(default_factory=dict)  # of the records spoken of, to the line that did

    def __post_init__(self) -> None:
        self.participants = {name: replace(one, comma=self.comma) for name, one in self.participants.items()}

    @property
    def watched(self) -> bool:
        """Whether two rows of one record would have been found, however far apart they stand."""
        return self.right <= WATCHED

    def unread(self) -> list[str]:
        """The columns that the face does not read."""
        below = self.face.covers.below
        return [name for name in self.table.columns if name not in below]

    def parts(self) -> Iterator[Rows]:
        """Messages of the rows that are right, each of one participant; the same file gives the same messages."""
        self.table.needs(NEEDED.get(self.face.name, ("subject",)))
        waiting: dict[str, list[Numbered]] = {}
        for row in self.table:
            self.rows += 1
            found = list(self._check(row))
            if found:
                self.left_out += 1
                if len(self.wrong) < TOLD:
                    self.wrong += [Wrong(row.line, one.field, one.text) for one in found]
                continue
            self.right += 1
            mine = waiting.setdefault(row.cells["subject"], [])
            mine.append((row.line, row.cells))
            if len(mine) == TOGETHER:
                yield self._message(row.cells["subject"], waiting.pop(row.cells["subject"]))
        for subject, rows in waiting.items():
            yield self._message(subject, rows)

    def _message(self, subject: str, rows: Iterable[Numbered]) -> Rows:
        return Rows(self.face.name, subject, tuple(rows), self.study, self.comma, self.site)

    def _check(self, row: Row) -> Iterator[Problem]:
        if row.wrong:
            yield Problem("", row.wrong)
            return
        subject = row.cells.get("subject")
        about = self.participants.get(subject or "")
        if subject is None:
            yield Problem("subject", "whose row is it? the subject code is missing")
        elif about is None:
            yield Problem("subject", f"there is no participant {subject}")
        else:
            said, problems = row_said(self.face, row.cells, about, whole=True)
            yield from problems or self._twice(
                row, record_key(self.face.record, subject, row.cells.get("key", ""), said)
            )

    def _twice(self, row: Row, key: str | None) -> Iterator[Problem]:
        if key is None:
            yield Problem("key", "it needs a name, as S-04, that no other of this participant has")
            return
        first = self._keys.get(hash(key))
        if first is not None:
            yield Problem("", f"says the same as line {first}; keep one of them, or give them different keys")
        elif len(self._keys) < WATCHED:
            self._keys[hash(key)] = row.line


def known_participants(listed: Iterable[Mapping[str, str | None]], zone: str, now: datetime) -> dict[str, About]:
    """What is known of each participant when rows are checked, from what `participant list` says."""
    found = {}
    for one in listed:
        subject, consent = str(one["subject"]), one["consent_from"]
        day = datetime.fromisoformat(consent).astimezone(ZoneInfo(zone)).date().isoformat() if consent else None
        randomised = one["randomised"] or one["enrolled"]
        found[subject] = About(zone, now, subject, (), day, randomised)
    return found


def as_of(text: str, zone: str, now: datetime) -> datetime:
    """The time at which a table was true; a day counts from its beginning. Unclear: it is none, or in the future."""
    at = starts(read_moment(text, zone), zone)
    if at > now:
        raise Unclear(f"{text} is in the future")
    return at
