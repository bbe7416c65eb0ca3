"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is doubled in the EHR."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from dataclasses import dataclass, field

import pytest

from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking, free_port, hours, made, stored

WHOLE = os.environ.get("INTEGRATOR_PROOFS") == "whole"
KILLS = 30 if WHOLE else 3
AHEAD = (1, 1, 8)  # one sender each: two stop and wait, one is pipelined


@dataclass
class Load:
    """One sender: books appointments and moves every third one, each message sent again until it is acknowledged."""

    name: str
    port: int
    ahead: int
    enough: threading.Event
    sent: dict[str, bytes] = field(default_factory=dict)  # what was acknowledged, by control id
    hours: dict[str, int] = field(default_factory=dict)  # the truth: when each appointment starts
    odd: list[str] = field(default_factory=list)
    resent: int = 0

    def run(self) -> None:
        sender = Sender("127.0.0.1", self.port, timeout=5.0, attempts=1000, pause=0.05)
        numbers = itertools.count(1)
        with sender:
            while not self.enough.is_set():
                batch = [one for _ in range(self.ahead) for one in self._next(next(numbers))]
                answers = sender.send_all([body for _, body, _, _ in batch], self.ahead)
                for (control_id, body, name, hour), answer in zip(batch, answers, strict=True):
                    self.sent[control_id], self.hours[name] = body, hour
                    if (answer.control_id, answer.code) != (control_id, "AA"):
                        self.odd.append(f"{control_id}: {answer.code} {answer.text}")
                time.sleep(0.02 * self.ahead)
        self.resent = sender.resent

    def _next(self, number: int) -> list[tuple[str, bytes, str, int]]:
        """Control id, bytes, appointment and hour of the next booking, and of the move of an older one."""
        told = [self._say("A", number, 9, "S12")]
        return [*told, self._say("B", number // 3, 14, "S13")] if number % 3 == 0 else told

    def _say(self, letter: str, number: int, hour: int, event: str) -> tuple[str, bytes, str, int]:
        control_id, name = f"{letter}{self.name}-{number}", f"{self.name}-{number}"
        return control_id, booking(name, hour, control_id, event), f"F-{name}", hour


def storm(here: Installation, ehr: SandboxEhr, draw: random.Random) -> int:
    """Kills serve again and again, also while it starts; every fifth time the EHR too. Gives the kills of the EHR."""
    of_ehr = 0
    for number in range(1, KILLS + 1):
        time.sleep(draw.uniform(0.1, 1.5))
        if number % 5 == 0:
            ehr.kill()
            of_ehr += 1
        here.kill()
        if draw.random() < 0.25:
            here.launch()
            time.sleep(draw.uniform(0.0, 1.0))
            here.kill()
        here.start()
        if ehr.process is None:
            ehr.start()
    time.sleep(0.5)
    return of_ehr


@pytest.mark.long
def test_killed_at_random_under_load_nothing_acknowledged_is_lost_and_nothing_is_doubled(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    with SandboxEhr(tmp_path / "ehr.db", port=free_port()) as ehr, Installation(tmp_path, ehr.base) as here:
        here.start()
        enough = threading.Event()
        loads = [Load(str(number), here.port, ahead, enough) for number, ahead in enumerate(AHEAD)]
        senders = [threading.Thread(target=load.run, daemon=True) for load in loads]
        for sender in senders:
            sender.start()
        of_ehr = storm(here, ehr, random.Random(seed))
        enough.set()
        for sender in senders:
            sender.join(60)
            assert not sender.is_alive(), "a sender waits for ever"
        counts = here.rest(120)
        here.stop()
        kept, makes, summary, held = stored(tmp_path), made(ehr), ehr.summary(), hours(ehr)
    sent = {control_id: body for load in loads for control_id, body in load.sent.items()}
    truth = {name: hour for load in loads for name, hour in load.hours.items()}
    print(
        f"\nseed {seed}: {KILLS} kills of serve, {of_ehr} of the EHR; {len(sent)} messages acknowledged to "
        f"{len(loads)} senders over {sum(load.resent for load in loads)} broken or refused connections; "
        f"{len(kept)} messages stored; the EHR's own log: {sum(makes.values())} creates for {len(truth)} appointments, "
        f"{summary['changes'].get('update Appointment', 0)} updates, {summary['requests']} requests"
    )
    assert [odd for load in loads for odd in load.odd] == []
    assert kept.keys() == sent.keys(), "an acknowledged message is lost, or one is stored that was never sent"
    assert kept == {control_id: [body] for control_id, body in sent.items()}, "a message is stored twice or changed"
    assert {counts["messages"][state] for state in ("received", "held", "unwanted")} == {0}
    assert counts["records"] == len(truth)
    assert makes == dict.fromkeys(truth, 1), "the EHR's log counts something else than one create of each"
    assert summary["twice"] == {}
    assert held == truth
