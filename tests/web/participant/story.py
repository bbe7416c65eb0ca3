"""A participant's course on Tuesday 10 March 2026, as real messages and entries: half given, four dates moved.

Ten fractions from Monday 2 March at 10:00; the last four moved when the machine was down.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from flask import Flask

from integrator.app import pages, titles_of
from integrator.trial import Trial
from integrator.web import create_web
from tests.houses import NUMBER, SetClock, TestHouse, siu

SUBJECT = "DISPO-HTEST-001"
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 3, 2)
SAME = {"Sec-Fetch-Site": "same-origin"}


def web(here: TestHouse) -> Flask:
    """The application as app.py wires it."""
    line = here.line
    return create_web(
        line.store, line.settings.study, line.clock, BERLIN, open_why=lambda _: None,
        titles=titles_of(line.settings), invented=True, more=pages(line, lambda: None),
    )  # fmt: skip


def berlin(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def day_of(number: int) -> date:
    """The day of a fraction in the first plan: Monday to Friday."""
    return FIRST + timedelta(days=number - 1 + 2 * ((number - 1) // 5))


def before() -> SetClock:
    """The clock before anything happens."""
    return SetClock(berlin(2, 7))


class Teller:
    """Says what happens, each time with a control id of its own."""

    def __init__(self, here: TestHouse):
        self.here = here
        self.numbers = count(1)

    def books(self, number: int, at: datetime | None = None, **more: str) -> None:
        """One fraction, at 10:00 on its day."""
        self.says("S12", number, at or berlin(2, 8, 40), **more)

    def says(self, event: str, number: int, at: datetime, **more: str) -> None:
        """One message about a fraction, as the radiotherapy system sends it."""
        day = f"{day_of(number):%Y%m%d}"
        given = {"start": f"{day}100000", "end": f"{day}102000", "filler": f"F-{number}"} | more
        body = siu(event, f"M{next(self.numbers)}", f"{at:%Y%m%d%H%M%S}", **given)
        self.takes(at, body.replace(b"|1^10|", f"|{number}^10|".encode()))

    def charges(self, number: int, at: datetime, kind: str = "CG", more: datetime | None = None) -> None:
        """A charge for a fraction of that day: radiation was given. `more`: the day of a second one in the message."""
        name, what = f"D{next(self.numbers)}", "RT-FRACTION^Bestrahlung^ARIA"
        body = (
            f"MSH|^~\\&|ARIA|HTEST|INT|HTEST|{at:%Y%m%d%H%M%S}||DFT^P03^DFT_P03|{name}|T|2.5.1\r"
            f"EVN|P03|{at:%Y%m%d%H%M%S}\rPID|1||{NUMBER}^^^HTEST^MR||HTEST-Müller^Anna||19570312|F\r"
        )
        for place, day in enumerate(filter(None, (at, more)), 1):
            of = f"C-{number - place + 1}"
            body += f"FT1|{place}|{of}||{day:%Y%m%d}||{kind}|{what}|||1||||||LINAC 3^R1\r"
        self.takes(at, body.encode("iso8859-1"))

    def takes(self, at: datetime, body: bytes) -> None:
        """Received and read a moment after it was sent."""
        self.here.clock.at = at + timedelta(seconds=2)
        self.here.receive(body)
        self.here.read_all()

    def enters(self, record: str, at: datetime, said: dict[str, object], key: str = "", why: str = "") -> None:
        """An entry of a person."""
        self.here.clock.at = at
        Trial(self.here.line, lambda: None).enter(record, SUBJECT, said, key, why)


def session(day: int, **more: object) -> dict[str, object]:
    """A supervised session after a fraction."""
    said: dict[str, object] = {
        "program": "isometric-training", "setting": "supervised", "status": "completed",
        "start": f"2026-03-{day:02} 10:40", "end": f"2026-03-{day:02} 11:10",
        "pain_before": 4, "pain_after": 3, "exertion": 5,
    }  # fmt: skip
    return said | more


def half_given(here: TestHouse) -> Teller:
    """The whole story, up to Tuesday 10 March 10:42."""
    teller = Teller(here)
    teller.enters("Participant", berlin(2, 8), {"status": "on-study", "since": "2026-03-02", "arm": "A"})
    teller.enters(
        "Observation", berlin(2, 8, 30), {"instrument": "pain-vas", "value": 4, "time": "2026-03-02", "timepoint": "t0"}
    )
    for number in range(1, 11):
        teller.books(number)
    for number in range(1, 6):
        day = day_of(number).day
        teller.says("S14", number, berlin(day, 10, 15), status="Complete")
        if number < 5:
            teller.charges(number, berlin(day, 22, 10))
    teller.enters("ExerciseSession", berlin(2, 11, 20), session(2), "S-01")
    teller.enters("ExerciseSession", berlin(3, 11, 20), session(3), "S-02")
    stopped = session(4, status="stopped", reason="pain", pain_after=6)
    teller.enters("ExerciseSession", berlin(4, 11, 20), stopped, "S-03")
    teller.enters("ExerciseSession", berlin(4, 12), {"pain_after": 7}, "S-03", "typed wrongly")
    missed = {"status": "not-done", "program": "isometric-training", "reason": "unwell",
              "planned": {"start": "2026-03-05 10:40", "end": "2026-03-05 11:10"}}  # fmt: skip
    teller.enters("ExerciseSession", berlin(5, 11, 20), missed, "S-04")
    teller.says("S14", 6, berlin(9, 9, 52), status="Started")
    for number, day in ((7, 12), (8, 13), (9, 16), (10, 17)):
        moved = {"start": f"202603{day}094000", "end": f"202603{day}100000", "why": "machine down"}
        teller.says("S13", number, berlin(10, 8, 12), **moved)
    here.clock.at = berlin(10, 10, 42)
    return teller
