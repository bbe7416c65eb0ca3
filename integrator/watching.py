"""Watching a registry: a look at its data version, and each version of the study's record as a message.

One process looks at a time (a lease by name). What a build of the registry changes by itself makes no message; what the
registrant changed does, with the day on which it was handed in as its source time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson

from integrator.config import Source
from integrator.connectors.registry import Fetched
from integrator.errors import Held, Refused, RetryLater
from integrator.formats.study_record import Study, fingerprint, parse_study, update_submitted
from integrator.line import Line
from integrator.reading import Read, read
from integrator.receiving import Document, take
from integrator.registry_reading import FORMAT
from integrator.store import Tx, facts, leases, messages, questions
from integrator.telemetry.logs import logger

LEASE = timedelta(minutes=5)  # longer than a look may take

log = logger(part="watching")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a registry between two looks."""

    data: str = ""  # its data version when we last looked
    etag: str | None = None
    fingerprint: str = ""  # of the record as the registrant handed it in
    looked: str = ""  # when we last looked, ISO
    outcome: str = ""  # what came of it, in words
    answered: str = ""  # when it last gave what it was asked for, ISO


class RegistryWatch:
    """One source of kind "registry". `look` is called by the clock and by a person's command."""

    def __init__(self, line: Line, source: Source):
        self.line, self.source = line, source
        self.client = line.registries[source.name]
        self._holder = uuid4().hex
        self._name = f"registry {source.name}"

    def look(self) -> Seen:
        """Looks once, unless another process does. RetryLater: the registry is away; Refused: it says no."""
        now = self.line.clock.now()
        with self.line.store.write() as tx:
            seen = self.seen(tx)
            if not leases.take(tx, self._name, self._holder, now, now + LEASE):
                return replace(seen, outcome="another process is looking")
        try:
            return self._look(seen, now)
        except RetryLater as later:
            self._remember(replace(seen, looked=now.isoformat(), outcome=later.reason))
            raise
        except Refused as refused:
            self._refused(replace(seen, looked=now.isoformat(), outcome=refused.reason), now)
            raise
        finally:
            with self.line.store.write() as tx:
                leases.give_back(tx, self._name, self._holder)

    def seen(self, tx: Tx) -> Seen:
        """What the last look left."""
        kept = facts.get(tx, self._name)
        return Seen(**orjson.loads(kept)) if kept else Seen()

    def _look(self, seen: Seen, now: datetime) -> Seen:
        version = self.client.version()
        seen = replace(seen, looked=now.isoformat(), outcome="nothing new")
        fetched = None if version.data == seen.data else self.client.study(self.source.nct, seen.etag)
        seen = replace(seen, data=version.data, answered=now.isoformat())
        if fetched is None:
            return self._remember(seen)
        study = parse_study(fetched.data)
        mark = fingerprint(study)
        known = mark == seen.fingerprint
        seen = replace(seen, etag=fetched.etag, fingerprint=mark, outcome=_outcome(fetched, known))
        return self._remember(seen, None if known else self._document(fetched, study, version.data))

    def _document(self, fetched: Fetched, study: Study, data: str) -> Document:
        """The version as a message. Its number names the build, so that a record that is as it was long ago is new."""
        said = update_submitted(study)
        zone = ZoneInfo(self.source.zone)
        at = datetime.combine(date.fromisoformat(said), time(), zone) if said and _is_day(said) else None
        return Document(self.source.name, fetched.data, FORMAT, "study record", f"{fetched.nct} {data}", at)

    def _remember(self, seen: Seen, document: Document | None = None) -> Seen:
        """Keeps what was seen and, in the same commit, the version that was new: stored, read and merged."""
        with self.line.store.write() as tx:
            if document is not None:
                state = self._take(tx, document)
                seen = (
                    replace(seen, outcome=f"{seen.outcome}, {state}: a person must look") if state == "held" else seen
                )
            facts.put(tx, self._name, orjson.dumps(asdict(seen)).decode())
        log.info("looked", source=self.source.name, outcome=seen.outcome)
        return seen

    def _take(self, tx: Tx, document: Document) -> str:
        """The version as a message, merged at once; returns the message's state."""
        message = messages.get(tx, take(self.line, tx, document, self.line.clock.now()))
        if message is None or message.state != "received":
            return message.state if message else ""
        try:
            said: Read | Held = read(document.data, self.source, self.line.faces, FORMAT)
        except Held as held:
            said = held
        return self.line.merge(tx, message, said)

    def _refused(self, seen: Seen, now: datetime) -> None:
        """A study that the registry does not know, or another's record: a person must look."""
        self._remember(seen)
        with self.line.store.write() as tx:
            text = f"The registry answered for {self.source.nct}: {seen.outcome}."
            questions.ask(tx, "registry", self.source.nct, self.source.name, text, now)


def watches(line: Line) -> list[RegistryWatch]:
    """One watch for each registry of the configuration."""
    return [RegistryWatch(line, source) for source in line.settings.source if source.kind == "registry"]


def _outcome(fetched: Fetched, known: bool) -> str:
    alias = f"; {fetched.alias} is called {fetched.nct} now" if fetched.alias else ""
    return ("nothing new but what the registry makes itself" if known else "a new version") + alias


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
