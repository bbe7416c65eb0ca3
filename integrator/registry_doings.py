"""What is asked of a registry: a look at it now, and what differs from the version before and from the trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from integrator.claims import claims_from_json
from integrator.errors import Rejected
from integrator.line import Line
from integrator.merge import Claim, fold
from integrator.reading import Read
from integrator.records import Said, wire
from integrator.registry_diff import Difference, Drift, changes, drift, remarks
from integrator.store import Tx, messages, records
from integrator.store.messages import Stored
from integrator.store.records import Row
from integrator.watching import watches

Json = dict[str, Any]

# Statuses of participants in whom the study goes on (FHIR R4 research-subject-status).
GOING_ON = (
    "screening",
    "eligible",
    "pending-on-study",
    "on-study",
    "on-study-intervention",
    "on-study-observation",
    "follow-up",
)
OVER = ("completed", "administratively-completed", "withdrawn", "disapproved")  # statuses of a study that has ended


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a study: each version of its record, and what the trial says, with the days since when."""

    versions: list[tuple[Stored, Said]]  # oldest first
    ours: Said
    since: dict[str, date]
    from_participants: frozenset[str] = frozenset()  # fields of `ours` that follow from the participants' records


class Registries:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line, wake: Callable[[], None]):
        self.line, self.wake = line, wake

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {"registry look": self.look, "registry diff": self.diff}

    def look(self) -> list[Json]:
        """Looks at every registry of the configuration now. RetryLater, Refused: as the registry says."""
        found = [(watch, watch.look()) for watch in watches(self.line)]
        self.wake()
        return [{"source": watch.source.name, "nct": watch.source.nct, **asdict(seen)} for watch, seen in found]

    def diff(self, nct: str) -> Json:
        """What differs in the record of a study. Rejected: no version of it is here."""
        return self.compared(nct, self.known(nct))

    def compared(self, nct: str, known: Known) -> Json:
        """What differs in what is known of a study: from the version before, and from the trial."""
        message, now = known.versions[-1]
        before = known.versions[-2][1] if len(known.versions) > 1 else None
        today = self.line.clock.now().astimezone(ZoneInfo(self.line.settings.integrator.zone)).date()
        return {
            "nct": nct,
            "message": message.id,
            "handed_in": _day(now),
            "before": _day(known.versions[-2][1]) if before else None,
            "versions": len(known.versions),
            "status": {"registry": now.get("registry_status"), "normalised": now.get("status")},
            "changes": told_changes(before, now) if before else [],
            "drift": [self._drift(one, known) for one in drift(known.ours, now, before, known.since)],
            "remarks": remarks(now, today),
        }

    def known(self, nct: str) -> Known:
        """What is known of a study. Rejected: no version of its record is here."""
        found = self.known_or_none(nct)
        if found is None:
            raise Rejected(f'no version of {nct} is here; a [[source]] of kind "registry" watches a study')
        return found

    def known_or_none(self, nct: str) -> Known | None:
        """What is known of a study; None: no version of its record is here."""
        with self.line.store.read() as tx:
            row = records.get(tx, "Study", nct)
            stored = (
                [one for one in messages.of_record(tx, row.number) if one.source in self._registries()] if row else []
            )
            ours, since, derived = self._ours(tx, row) if row else ({}, {}, frozenset[str]())
        versions = [(one, said) for one in stored if (said := self._said(one)) is not None]
        versions.sort(key=lambda pair: (pair[0].source_time, pair[0].id))
        return Known(versions, ours, since, derived) if versions else None

    def _registries(self) -> dict[str, str]:
        """The registries of the configuration: source to system."""
        return {source.name: source.system for source in self.line.settings.source if source.kind == "registry"}

    def _said(self, message: Stored) -> Said | None:
        """What a version says, as it would be read today."""
        read = self.line.read(message)
        return read.records[0].said if isinstance(read, Read) and read.records else None

    def _ours(self, tx: Tx, row: Row) -> tuple[Said, dict[str, date], frozenset[str]]:
        """What other sources than registries say of the study, and what follows from its participants."""
        registries = set(self._registries().values())
        claims = claims_from_json("Study", row.claims, lambda kind, data: data)
        own = {name: tuple(one for one in of if one.origin.system not in registries) for name, of in claims.items()}
        folded = fold("Study", own, lambda name: self.line.settings.owner("Study", name))
        since = {name: _said_on(claim) for name, claim in folded.winners.items()}
        said, derived = dict(folded.said), frozenset[str]()
        if "status" not in said and (day := self._going_on_since(tx, row.key)):
            said["status"], since["status"], derived = "active", day, frozenset({"status"})
        return said, since, derived

    def _going_on_since(self, tx: Tx, nct: str) -> date | None:
        """The first day from which a participant is in the study and not out of it again; None: nobody is."""
        days = []
        for row in records.page(tx, "Participant", limit=10_000):
            since = row.body.get("since")
            if row.study == nct and row.status in GOING_ON and isinstance(since, str):
                days.append(date.fromisoformat(since))
        return min(days, default=None)

    def _drift(self, one: Drift, known: Known) -> Json:
        said_by, sentence = "trial", one.sentence()
        if one.place in known.from_participants:
            said_by, day = "participants", known.since[one.field].isoformat()
            due = f" The registry is to be told by {one.due.isoformat()}." if one.due else ""
            sentence = f"Status: the registry says {one.registry}, our participants are on study since {day}.{due}"
        return {
            "place": one.place,
            "field": one.field,
            "class": one.kind,
            "state": one.state,
            "registry": _value(one.registry),
            "ours": _value(one.ours),
            "ours_from": said_by,
            "due": one.due.isoformat() if one.due else None,
            "sentence": sentence,
        }


def told_changes(before: Said, now: Said) -> list[Json]:
    """What differs between two versions of a registry record, each difference with its class and its sentence."""
    return [_change(one) for one in changes(before, now)]


def _change(one: Difference) -> Json:
    return {
        "place": one.place,
        "field": one.field,
        "what": one.what,
        "class": one.kind,
        "before": _value(one.before),
        "now": _value(one.now),
        "sentence": one.sentence(),
    }


def _value(value: Any) -> Any:
    return wire.to_json("Study", {"value": value})["value"]


def _day(said: Said) -> str | None:
    update = said.get("update")
    return update.submitted.text if update and update.submitted else None


def _said_on(claim: Claim) -> date:
    return claim.origin.at.date()
