"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is doubled in the EHR."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest

from integrator.app import open_line
from integrator.config import read_config
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.radiotherapy import Sender
from integrator.store import messages
from tests.faults.processes import Installation, booking, made

WHOLE = os.environ.get("INTEGRATOR_PROOFS") == "whole"
KILLS = 30 if WHOLE else 3
HERE = Path(__file__).parent


class Load(threading.Thread):
    """Books appointments and moves every third one, each message sent again until it is acknowledged."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.sender = Sender("127.0.0.1", port, timeout=5.0, attempts=1000, pause=0.05)
        self.enough = threading.Event()
        self.acknowledged: list[str] = []
        self.truth: dict[str, int] = {}
        self.odd: list[str] = []

    def run(self) -> None:
        number = 0
        while not self.enough.is_set():
            number += 1
            self._say(number, 9, f"A{number}", "S12")
            if number % 3 == 0:
                self._say(number // 3, 14, f"B{number}", "S13")
            time.sleep(0.005)

    def _say(self, number: int, hour: int, control_id: str, event: str) -> None:
        answer = self.sender.send(booking(number, hour, control_id, event))
        if answer.code != "AA":
            self.odd.append(f"{control_id}: {answer.code}")
        self.acknowledged.append(control_id)
        self.truth[f"F-{number}"] = hour


@pytest.mark.long
def test_killed_at_random_under_load_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(tmp_path, ehr.base) as here:
        here.start()
        load = Load(here.port)
        load.start()
        for _ in range(KILLS):
            time.sleep(draw.uniform(0.1, 1.5))
            here.kill()
            here.start()
        time.sleep(0.5)
        load.enough.set()
        load.join(60)
        assert not load.is_alive()
        here.rest(120)
        here.stop()
        stored = control_ids(tmp_path)
        makes, summary = made(ehr), ehr.summary()
        held = {one["identifier"][-1]["value"]: one["start"] for one in ehr.holds("Appointment")}
    print(
        f"seed {seed}: {KILLS} kills; {len(load.acknowledged)} acknowledged, {load.sender.resent} sendings again; "
        f"{len(stored)} stored; the EHR's log: {sum(makes.values())} made of {len(load.truth)}, {summary['changes']}"
    )
    assert load.odd == []
    assert sorted(stored) == sorted(set(stored)), "a message is stored twice"
    assert set(load.acknowledged) <= set(stored), "an acknowledged message is lost"
    assert makes == dict.fromkeys(load.truth, 1), "the EHR's log counts something else than one of each"
    assert summary["twice"] == {}
    assert {name: int(start[11:13]) for name, start in held.items()} == load.truth


def control_ids(folder: Path) -> list[str]:
    """The control ids of every stored message."""
    found: list[str] = []
    with open_line(read_config(folder / "config.toml")) as line, line.store.read() as tx:
        before = None
        while page := messages.page(tx, before=before, limit=500):
            found += [one.control_id for one in page]
            before = page[-1].id
    return found


def test_killed_between_commit_and_acknowledgement_the_message_is_there_once(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(tmp_path, ehr.base) as here:
        here.program = (str(HERE / "dies_before_answering.py"),)
        (tmp_path / "die").touch()
        here.start()
        sender = Sender("127.0.0.1", here.port, timeout=5.0, attempts=200, pause=0.1)
        answers = []
        sending = threading.Thread(target=lambda: answers.append(sender.send(booking(1, 9, "A1"))))
        sending.start()
        here.process.wait(30)  # it killed itself after the commit
        assert answers == []
        assert control_ids(tmp_path) == ["A1"]
        here.start()
        sending.join(30)
        assert [answer.code for answer in answers] == ["AA"]
        here.rest()
        here.stop()
        assert control_ids(tmp_path) == ["A1"]
        assert made(ehr) == {"F-1": 1}


def test_killed_after_a_write_to_the_ehr_before_its_answer_nothing_is_doubled(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(tmp_path, ehr.base) as here:
        ehr.fail(hang=4, where="after", method="POST", path="Appointment")
        here.start()
        with Sender("127.0.0.1", here.port) as sender:
            sender.send(booking(1, 9, "A1"))
        until = time.monotonic() + 20
        while not ehr.holds("Appointment"):
            assert time.monotonic() < until
            time.sleep(0.02)
        here.kill()
        here.start()
        here.rest()
        here.stop()
        assert made(ehr) == {"F-1": 1}
        assert len(ehr.holds("Appointment")) == 1
