"""After other mapping files were accepted: what they read or write differently is read again, and owed again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

from integrator import __version__, accepted, identity, unmapped_codes
from integrator.comparing import Key, keys_of
from integrator.errors import ConfigError
from integrator.folding import owe, words_of
from integrator.line import Line
from integrator.mapping.sets import FaceSet
from integrator.reading import Read
from integrator.rereading import Both, Pair, differing
from integrator.store import Tx, journal, messages, questions, records, replaying
from integrator.store import faces as kept
from integrator.store.records import Row
from integrator.telemetry.logs import logger

log = logger(part="mappings")


@dataclass(slots=True)
class Again:
    """How far it is."""

    of: int = 0  # messages
    looked: int = 0
    messages: int = 0  # read again
    changed: int = 0  # changes of records
    unspoken: int = 0  # records that no message speaks of any more
    owed: int = 0  # records that a target is told anew, for they are written differently
    finished: bool = False

    def json(self) -> dict[str, Any]:
        return asdict(self)


def again(line: Line, actor: str) -> Generator[Again, None, None]:
    """Goes over all messages, then over all records, one transaction a page; tells after each how far it is.

    Broken off, it begins from the start; what was done already is found alike and left.
    """
    with line.store.read() as tx:
        before, of = kept.before(tx), replaying.count(tx)
    done = Again(of=of)
    if before is None:
        done.finished = True
        yield done
        return
    pair = Pair(line, _loaded(line, before), line.used)
    for looked, found in pair.pages():
        if line.used.hash != pair.after.hash:
            return  # others were accepted meanwhile, and all is looked at with those
        done.looked += looked
        _read_again(line, pair, differing(found), done)
        yield done
    for page in pair.written():
        with line.store.write() as tx:
            for _, row, said in page:
                owe(line, tx, row, said, frozenset(said))
        done.owed += len(page)
        yield done
    with line.store.write() as tx:
        settle_answered(line, tx)
        if kept.before(tx) == before and kept.accepted(tx) == pair.after.hash:
            kept.finished(tx)
            done.finished = True
            detail = {name: n for name, n in done.json().items() if name not in ("of", "finished")}
            journal.write(tx, line.clock.now(), actor, "read again", "mappings", pair.after.hash, detail=detail)
    yield done


def settle_answered(line: Line, tx: Tx) -> None:
    """Closes the questions about codes that the faces in use know."""
    for question in questions.in_state(tx):
        about = unmapped_codes.asked(line, question)
        source = line.sources.get(question.source or "")
        if about and source and unmapped_codes.has_row(line.faces, about, source.site or None):
            questions.answer(tx, question.id)


def _loaded(line: Line, digest: str) -> FaceSet | None:
    """The set before; None: this release cannot load it, so that everything counts as read differently."""
    if digest == accepted.ANY:
        return None
    try:
        found = accepted.accepted_set(line.store, line.settings, digest)
        return found if found.faces else None
    except ConfigError as wrong:
        log.warning("the mappings before cannot be loaded; all messages are read again", reason=str(wrong))
        return None


def _read_again(line: Line, pair: Pair, found: list[Both], done: Again) -> None:
    """Records that such messages spoke of are folded from nothing. A message that spoke of others than it does now, or
    is held by one of the two, goes the whole way again."""
    if not found:
        return
    refolded = line.read_again([both.message.id for both in found])
    done.messages += len(found)
    done.changed += refolded["changed"]
    with line.store.write() as tx:
        whole = []
        left: dict[int, Row] = {}
        for both in found:
            spoke = _spoke(tx, both.message.id)
            if isinstance(both.after, Read) and spoke.keys() == set(keys_of(both.after)):
                _note(line, tx, both, both.after)
            else:
                whole.append(both.message.id)
                left |= {row.number: row for key, row in spoke.items() if key not in keys_of(both.after)}
        messages.reopen(tx, whole)
        done.unspoken += sum(_ask_unspoken(line, tx, pair, row) for row in left.values() if row.kind != "Patient")


def _spoke(tx: Tx, number: int) -> dict[Key, Row]:
    """The records that a message spoke of so far. A patient's own has no key that a message names."""
    rows = [records.by_id(tx, record) for record, _ in records.links(tx, number)]
    return {(row.kind, row.key): row for row in rows if row}


def _note(line: Line, tx: Tx, both: Both, said: Read) -> None:
    """The message names the face that reads it now, and what nobody mapped."""
    unmapped = [{"place": leaf.place, "text": leaf.text} for one in said.records for leaf in one.unmapped]
    notes = [note for one in said.records for note in one.notes]
    detail = identity.seal_detail(tx, line.keys, both.message, {"unmapped": unmapped, "notes": notes})
    face = next((one.face.hash for one in said.records if one.face), None)
    replaying.note(tx, both.message.id, face, __version__, detail)


def _ask_unspoken(line: Line, tx: Tx, pair: Pair, row: Row) -> bool:
    """Asks about a record that stands as it was, though no message speaks of it any more."""
    for message in messages.of_record(tx, row.number):
        if (row.kind, row.key) in keys_of(pair.read(tx, message).after):
            return False
    text = f"No message speaks of this {words_of(row.kind)} any more with the mappings in use; it stands as it was."
    questions.ask(tx, "unspoken", str(row.number), None, text, line.clock.now(), row.number)
    return True
