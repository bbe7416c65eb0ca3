"""A small hospital for the page's tests: writes what the line would have written, through the real store.

Tuesday 10 March 2026, 10:42 in Berlin. All people are invented; the reason of a step is kept in clear in `why`,
because only the line has the keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from integrator.clock import Clock
from integrator.records import Said
from integrator.records.values import Period, Place
from integrator.records.wire import to_json
from integrator.store import Store, journal, messages, owed, people, questions, records
from integrator.web import Feed, create_web

BERLIN = ZoneInfo("Europe/Berlin")
NUMBER = "HTEST-4711"  # stands in sealed columns only; must never reach a page
NAME = "HTEST-Müller"


def berlin(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """A local time of the story's spring."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@dataclass
class Hands(Clock):
    """A clock that the test sets."""

    at: datetime = field(default_factory=lambda: berlin(10, 10, 42))

    def now(self) -> datetime:
        return self.at.astimezone(UTC)


@dataclass
class Study:
    title: str = "DISPO"
    nct: str = "NCT01409720"


def index(subject: str) -> bytes:
    """A blind index as the keyring would make it."""
    return f"index of {subject}".encode()


@dataclass
class Hospital:
    """The store, and verbs for what happens in it."""

    store: Store
    clock: Hands

    def web(self, **settings: Any) -> Flask:
        """The application as app.py wires it."""
        given: dict[str, Any] = {
            "open_why": lambda step: step.why.decode() if step.why else None,
            "feeds": (Feed("aria", timedelta(minutes=30)),),
            "titles": {"aria": "ARIA", "ehr": "EHR"},
            "invented": True,
        }
        return create_web(self.store, Study(), self.clock, BERLIN, **(given | settings))

    def joins(self, subject: str, arm: str | None = None) -> None:
        """A participant with her patient."""
        with self.store.write() as tx:
            person = people.new_patient(tx)
            people.add_number(tx, index(subject), person, NUMBER.encode())
            values = {"study": "NCT01409720", "subject": subject, "arm": arm, "patient_id": person}
            sealed = {"number_index": index(subject), "number": NUMBER.encode(), "second": NAME.encode()}
            people.add(tx, values | sealed | {"added_at": self.clock.now()})

    def hears(
        self, at: datetime, subject: str | None = None, state: str = "merged", reason: str | None = None,
        received: datetime | None = None, event: str = "S13",
    ) -> int:  # fmt: skip
        """A message of the radiotherapy system with that source time; its body is as good as sealed."""
        with self.store.write() as tx:
            return messages.append(tx, [
                messages.NewMessage(
                    source="aria", system="aria", control_id=str(at.timestamp()), digest=b"digest",
                    sent_at=at.strftime("%Y%m%d%H%M%S"), received_at=received or at, source_time=at, type="SIU",
                    event=event, body=f"PID|||{NUMBER}||{NAME}".encode(), body_key=b"", body_key_of="source:aria",
                    size=99, patient_index=index(subject) if subject else None, state=state, reason=reason,
                )
            ])[0]  # fmt: skip

    def books(
        self, subject: str, start: datetime, number: int | None = 1, place: str = "LINAC 3", of: int = 10,
        at: datetime | None = None, **more: Any,
    ) -> int:  # fmt: skip
        """An appointment, booked weeks ago unless `at` says otherwise; returns the record's number."""
        said: Said = {
            "time": Period(start, start + timedelta(minutes=20)),
            "status": "booked",
            "activity": "fraction",
            "fraction": number,
            "fractions": of,
            "place": Place(name=place),
            "evidence": "scheduled",
        } | more
        at = at or berlin(20, 9, month=2)
        row = records.Row(
            "Appointment", f"{subject}-{number}-{start.isoformat()}", to_json("Appointment", said), {}, at,
            patient=index(subject), study="NCT01409720", subject=subject, starts=start, status=said["status"],
        )  # fmt: skip
        message = self.hears(at, subject, event="S12")
        with self.store.write() as tx:
            return records.save(tx, row, records.Change(list(said), message, at)).number

    def says(
        self, record: int, at: datetime, why: str | None = None, received: datetime | None = None, **said: Any
    ) -> None:
        """A later message about an appointment: one new version."""
        message = self.hears(at, received=received)
        with self.store.write() as tx:
            row = records.by_id(tx, record)
            assert row is not None
            body = row.body | to_json("Appointment", said)
            starts = said["time"].start if said.get("time") else row.starts
            fresh = records.Row(
                row.kind, row.key, body, {}, received or at, row.id, row.version, row.patient, row.study, row.subject,
                starts, body.get("status"),
            )  # fmt: skip
            change = records.Change(list(said), message, received or at, why.encode() if why else None)
            records.save(tx, fresh, change)
            journal.write(tx, at, "line", "new version", "Appointment", record, fresh.version + 1, message)

    def moves(self, record: int, to: datetime, at: datetime, why: str | None = None, place: str = "LINAC 3") -> None:
        """An S13."""
        self.says(record, at, why, time=Period(to, to + timedelta(minutes=20)), place=Place(name=place))

    def owes(self, record: int, state: str, reason: str | None, since: datetime, target: str = "ehr") -> None:
        """What a target does not hold yet."""
        with self.store.write() as tx:
            owed.mark(tx, target, record, "fhir-r4/appointment", state, reason, since)

    def asks(self, text: str, at: datetime, record: int | None = None) -> None:
        """An open question."""
        with self.store.write() as tx:
            questions.ask(tx, "activity", text, "aria", text, at, record)


def model_day(hospital: Hospital) -> None:
    """The day of the model page: six come, two no longer, four dates moved."""
    week = [date(2026, 3, day) for day in (10, 11, 12, 13, 16, 17, 18, 19)]
    plan = {
        "DISPO-011": ("A training", 8, 20, 9, "LINAC 1"),
        "DISPO-014": ("B control", 8, 40, 10, "LINAC 2"),
        "DISPO-020": ("A training", 10, 50, 1, "LINAC 2"),
        "DISPO-019": ("A training", 9, 20, 3, "LINAC 3"),
        "DISPO-018": ("A training", 10, 20, 6, "LINAC 3"),
        "DISPO-016": ("A training", 15, 10, 5, "LINAC 1"),
        "DISPO-017": ("A training", 10, 0, 7, "LINAC 3"),
        "DISPO-013": ("B control", 15, 40, 8, "LINAC 3"),
    }  # fmt: skip
    booked: dict[tuple[str, int], int] = {}
    for subject, (arm, hour, minute, first, place) in plan.items():
        hospital.joins(subject, arm)
        for number, day in enumerate(week, first):
            if number <= 10:
                start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)
                booked[subject, number] = hospital.books(subject, start, number, place)
    hospital.says(booked["DISPO-013", 8], berlin(9, 17, 20), "patient unwell", status="cancelled", evidence=None)
    hospital.moves(booked["DISPO-019", 3], berlin(10, 11, 20), berlin(10, 3, 4), "machine down", "LINAC 2")
    for number, day in ((7, 12), (8, 13), (9, 16), (10, 17)):
        hospital.moves(booked["DISPO-017", number], berlin(day, 9, 40), berlin(10, 8, 12), "machine down")
    hospital.moves(booked["DISPO-018", 6], berlin(10, 13, 20), berlin(10, 8, 14), "machine down", "LINAC 1")
    hospital.says(booked["DISPO-011", 9], berlin(10, 8, 21), status="fulfilled", evidence="evidenced")
    hospital.says(booked["DISPO-014", 10], berlin(10, 8, 44), status="fulfilled", evidence="presumed")
    hospital.says(booked["DISPO-020", 1], berlin(10, 10, 36), status="arrived", evidence="arrived")
    hospital.hears(berlin(10, 8, 20), "DISPO-014", "held", "bytes that are not of the character set ISO 8859-1")
    hospital.owes(booked["DISPO-016", 5], "refused", "the target does not know the patient", berlin(10, 9, 30))
    for number in (7, 8, 9, 10):
        reason = "the target cannot write Appointment"
        hospital.owes(booked["DISPO-017", number], "waiting", reason, berlin(10, 8, 12))
    hospital.asks("Is the code 4711 of ARIA a fraction, a visit or planning", berlin(9, 11, 5), booked["DISPO-016", 6])
    hospital.hears(berlin(10, 10, 41), state="unwanted")
