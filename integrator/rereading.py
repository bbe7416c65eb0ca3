"""What is stored, read and written with two sets of faces: which messages and records of ours differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrator import identity
from integrator.claims import said_from_json
from integrator.comparing import Compared, Key, RecordChange, alike, keys_of, summed
from integrator.config import Target
from integrator.errors import CannotWrite, ConfigError, Held, IntegratorError
from integrator.folding import covered
from integrator.line import Line
from integrator.mapping import Context, Face
from integrator.mapping.sets import FaceSet, changes_of
from integrator.merge import Claim, Origin, fold, take
from integrator.reading import Read
from integrator.records import Said
from integrator.references import patient_said
from integrator.security.keys import Unopenable
from integrator.store import Tx, messages, records, replaying
from integrator.store.messages import Stored
from integrator.store.people import Participant
from integrator.store.records import Row

AT_ONCE = 200  # messages or records of one transaction


@dataclass(frozen=True, slots=True)
class Both:
    """One message, as the set before and the set after read it; `before` None: that set cannot be loaded any more."""

    message: Stored
    before: Read | Held | None
    after: Read | Held

    @property
    def keys(self) -> list[Key]:
        """The records that it speaks of in either."""
        return list(dict.fromkeys([*keys_of(self.before), *keys_of(self.after)]))


class Pair:
    """Two sets of faces over what a line has stored."""

    def __init__(self, line: Line, before: FaceSet | None, after: FaceSet):
        self.line, self.before, self.after = line, before, after
        changed = changes_of(before.faces, after.faces) if before else []
        self._touched = {(one.name.partition("/")[0], one.site) for one in changed}
        self._forms = {form for form, _ in self._touched}

    def may_differ(self, message: Stored) -> bool:
        """Whether any face of its form and site is another; a source that is configured no more is left out."""
        source = self.line.sources.get(message.source)
        if source is None or self.before is None:
            return source is not None
        if message.format == "csv":  # whose rows name their site themselves
            return message.format in self._forms
        return not self._touched.isdisjoint({(message.format, None), (message.format, source.site)})

    def read(self, tx: Tx, message: Stored) -> Both:
        """A message read with both."""
        before = self._one(tx, message, self.before) if self.before else None
        return Both(message, before, self._one(tx, message, self.after))

    def _one(self, tx: Tx, message: Stored, faces: FaceSet) -> Read | Held:
        try:
            return self.line.read(message, tx, faces.faces)
        except IntegratorError:
            raise
        except Exception as fault:  # of faces that nobody accepted yet, or of ours: told as what it would be, held
            return Held(f"a fault of Integrator ({type(fault).__name__})")

    def wanted(self, tx: Tx, both: Both) -> bool:
        """Whether the message is, with either, of somebody in the trial or of nobody that could be told."""
        return any(self._wanted(tx, both.message, said) for said in (both.before, both.after) if said is not None)

    def _wanted(self, tx: Tx, message: Stored, said: Read | Held) -> bool:
        if isinstance(said, Read) and not said.records:
            return False
        index, participant = self.line.whose(tx, message, said)
        return participant is not None or index is None

    def pages(self, since: datetime | None = None) -> Iterator[tuple[int, list[Both]]]:
        """All stored messages, newest first: how many each page looked at, and those in the trial that may differ."""
        below = None
        while True:
            with self.line.store.read() as tx:
                page = replaying.stored_before(tx, below, since, AT_ONCE)
                found = [self.read(tx, message) for message in page if self.may_differ(message)]
                found = [both for both in found if self.wanted(tx, both)]
            if not page:
                return
            below = page[-1].id
            yield len(page), found

    def written(self) -> Iterator[list[tuple[Target, Row, Said]]]:
        """All records that a target is told of, page by page: those that it would be told differently."""
        for kind in sorted({kind for target in self._targets() for kind in target.records}):
            writers = [(target, *self._writers(kind, target)) for target in self._targets() if kind in target.records]
            writers = [one for one in writers if one[1] is None or one[1].hash != one[2].hash]
            after = 0
            while writers:
                with self.line.store.read() as tx:
                    page = records.page(tx, kind, after, AT_ONCE)
                    found = [one for row in page for one in self._rewritten(tx, row, writers)]
                if not page:
                    break
                after = page[-1].number
                yield found

    def _targets(self) -> list[Target]:
        return [target for target in self.line.settings.target if target.write != "off"]

    def _writers(self, kind: str, target: Target) -> tuple[Face | None, Face]:
        new = self.after.faces.writing(kind, target.form, target.site or None)
        try:
            old = self.before.faces.writing(kind, target.form, target.site or None) if self.before else None
        except ConfigError:  # the set before had none, or not this site
            old = None
        return old, new

    def _rewritten(self, tx: Tx, row: Row, writers: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Target, Row, Said]]:
        participant = self.line.linked.of_subject(tx, row.subject) if row.subject else None
        try:
            _, open_ = identity.record_seals(tx, self.line.keys, participant)
        except Unopenable:
            return  # the patient was erased
        said = said_from_json(row.kind, row.body, open_)
        for target, old, new in writers:
            named = patient_said(self.line, tx, target, row.kind, said, row.subject)
            if old is None or _written(old, named) != _written(new, named):
                yield target, row, said


def _written(face: Face, said: Said) -> Any:
    try:
        return face.write(said, Context())
    except CannotWrite as cannot:
        return str(cannot)


def over_store(line: Line, before: FaceSet, after: FaceSet, since: datetime | None) -> dict[str, Any]:
    """The comparison over all that is stored, or what came since; changes nothing."""
    pair, compared = Pair(line, before, after), Compared()
    speaking: dict[Key, set[int]] = {}
    for looked, found in pair.pages(since):
        compared.untouched += looked - len(found)
        for both in found:
            assert both.before is not None
            if compared.add(both.message.id, both.before, both.after):
                for key in both.keys:
                    speaking.setdefault(key, set()).add(both.message.id)
    changes = []
    for key in compared.touched:
        with line.store.read() as tx:
            change = record_change(pair, tx, key, speaking[key])
        if change and change.differs:
            changes.append(change)
    return summed(compared, changes, before, after) | {"targets": _told(line, pair, changes)}


def record_change(pair: Pair, tx: Tx, key: Key, speaking: set[int]) -> RecordChange | None:
    """One record folded from nothing out of all its messages, with both sets; None: of nobody in the trial."""
    row = records.get(tx, *key)
    voices = {one.id: one for one in messages.of_record(tx, row.number)} if row else {}
    voices |= {number: one for number in speaking - voices.keys() if (one := messages.get(tx, number))}
    both = [pair.read(tx, voices[number]) for number in sorted(voices)]
    old = _folded(pair.line, tx, key, [(one.message, one.before) for one in both if isinstance(one.before, Read)])
    new = _folded(pair.line, tx, key, [(one.message, one.after) for one in both if isinstance(one.after, Read)])
    return RecordChange(*key, old, new) if old is not None or new is not None else None


def _folded(line: Line, tx: Tx, key: Key, said: list[tuple[Stored, Read]]) -> Said | None:
    claims: dict[str, tuple[Claim, ...]] = {}
    for message, read in said:
        for spoken in read.records:
            participant: Participant | None = line.of_whom(tx, spoken)[1]
            ours = participant is not None or read.of_nobody
            if (spoken.kind, spoken.key) == key and ours and covered(line, participant, spoken, message):
                origin = Origin(message.system, message.source_time, message.id, read.trigger)
                claims = take(claims, spoken.said, origin, spoken.kind)
    return fold(key[0], claims, lambda field: line.settings.owner(key[0], field)).said if claims else None


def _told(line: Line, pair: Pair, changes: list[RecordChange]) -> dict[str, dict[str, int]]:
    """For each target, how many records of each kind it would be told of: they change, or are written differently."""
    told: set[tuple[str, str, str]] = set()
    for change in changes:
        for target in line.settings.target:
            if change.kind not in target.records or target.write == "off" or change.after is None:
                continue
            face = pair.after.faces.writing(change.kind, target.form, target.site or None)
            fields = {name for name in change.fields if line.settings.owner(change.kind, name) != target.system}
            if fields & face.carries:
                told.add((target.name, change.kind, change.key))
    for page in pair.written():
        told |= {(target.name, row.kind, row.key) for target, row, _ in page}
    counts: dict[str, dict[str, int]] = {}
    for target_name, kind, _ in sorted(told):
        of_target = counts.setdefault(target_name, {})
        of_target[kind] = of_target.get(kind, 0) + 1
    return counts


def differing(found: list[Both]) -> list[Both]:
    """Those that the new set reads differently."""
    return [both for both in found if both.before is None or not alike(both.before, both.after)]
