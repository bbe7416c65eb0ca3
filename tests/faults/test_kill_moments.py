"""kill -9 at chosen moments: between each two steps of the line, and while the EHR is about to answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking, hours, made, stored

PROGRAM = Path(__file__).with_name("dies_once.py")
CREATE, UPDATE = "create Appointment", "update Appointment"


class Sending(threading.Thread):
    """Sends one message until it is acknowledged."""

    def __init__(self, port: int, body: bytes):
        super().__init__(daemon=True)
        self.sender = Sender("127.0.0.1", port, timeout=5.0, attempts=1000, pause=0.05)
        self.body = body
        self.answer = ""
        self.start()

    def run(self) -> None:
        with self.sender:
            self.answer = self.sender.send(self.body).code

    def done(self) -> None:
        self.join(30)
        assert self.answer == "AA"


@dataclass
class Hospital:
    """Serve and EHR, running for all tests of this file; each test has an appointment of its own."""

    ehr: SandboxEhr
    here: Installation

    def send(self, body: bytes) -> None:
        Sending(self.here.port, body).done()
        self.here.rest()

    def holds_once(self, name: str, hour: int, changes: list[str], since: int) -> None:
        """One create in the EHR's log however often we died, no write too many, and the last word stands."""
        assert made(self.ehr)[f"F-{name}"] == 1
        assert hours(self.ehr)[f"F-{name}"] == hour
        wrote = [row["wrote"].partition("/")[0] for row in self.ehr.log(since) if row["wrote"]]
        assert wrote == changes
        assert self.ehr.summary()["twice"] == {}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("hospital")
    with SandboxEhr(folder / "ehr.db") as ehr, Installation(folder, ehr.base, (str(PROGRAM),)) as here:
        here.start()
        yield Hospital(ehr, here)


BOOKING = ["received", "read", "merged", "leased", "written", "confirmed"]
DEATHS = [(f"{moment}-1", moment, "S12") for moment in BOOKING] + [("written-2", "written", "S13")]


@pytest.mark.parametrize(("name", "moment", "event"), DEATHS, ids=[f"{m}-{e}" for _, m, e in DEATHS])
def test_killed_between_two_steps_everything_is_there_once(hospital, name, moment, event):
    here = hospital.here
    if event == "S13":
        hospital.send(booking(name, 9, f"A{name}"))
    since, body = hospital.ehr.last(), booking(name, 14, f"B{name}", event)
    (here.folder / "die").write_text(moment)
    sending = Sending(here.port, body)
    here.died()
    if moment == "received":
        assert sending.answer == "", "the answer left before the moment"
        assert stored(here.folder)[f"B{name}"] == [body]
    here.start()
    sending.done()
    here.rest()
    hospital.holds_once(name, 14, [UPDATE if event == "S13" else CREATE], since)


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_killed_while_the_ehr_is_about_to_answer(hospital, method, where):
    name, here, ehr = f"{method}-{where}-1", hospital.here, hospital.ehr
    if method == "PUT":
        hospital.send(booking(name, 9, f"A{name}"))
    since = ehr.last()
    ehr.fail(hang=2, where=where, method=method, path="Appointment")
    Sending(here.port, booking(name, 14, f"B{name}", "S13")).done()
    until = time.monotonic() + 20
    while not [row for row in ehr.log(since) if row["method"] == method]:
        assert time.monotonic() < until
        time.sleep(0.02)
    here.kill()
    here.start()
    here.rest()
    hospital.holds_once(name, 14, [CREATE if method == "POST" else UPDATE], since)


def test_after_all_these_deaths_each_message_is_stored_once(hospital):
    hospital.here.stop()
    bodies = stored(hospital.here.folder)
    assert len(bodies) == len(made(hospital.ehr)) + 3  # one each, and a booking before each of three moves
    assert {len(each) for each in bodies.values()} == {1}
