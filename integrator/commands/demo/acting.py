"""Plays one act: the story's clock, an EHR that is away for a while, the messages, and waiting until all is at rest."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrator.commands.demo.running import Hospital, end
from integrator.errors import RetryLater
from integrator.sandbox.story import Act

LOOK = 0.1  # seconds between two looks at the counts
READS = ("GET", "HEAD")
LONGEST = 90.0  # seconds that an act may take until nothing is under way any more


@dataclass(frozen=True)
class Under:
    """How far an act is: messages that Integrator has, of how many; still to be read; still owed to the EHR."""

    arrived: int
    of: int
    unread: int
    owed: int

    @property
    def rests(self) -> bool:
        """Nothing is to be read and nothing is due to the EHR."""
        return not self.unread and not self.owed


@dataclass
class Acted:
    """What came of an act. `surprises`: answers that the story did not expect; `writes`: to the EHR, by its own log."""

    name: str
    title: str
    of: int
    away: float = 0.0  # seconds that the EHR was gone
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)
    unfinished: str = ""
    seconds: float = 0.0


def act_out(hospital: Hospital, act: Act, run: int, watch: Callable[[Under], None]) -> Acted:
    """Plays the act and waits until Integrator rests; `watch` hears how far it is."""
    began, mark = time.monotonic(), hospital.ehr.last()
    acted = Acted(act.name, act.title, len(act.messages), act.ehr_away)
    hospital.ground.clock.set(act.at)
    before = _arrived(hospital.ask("counts"))
    if act.ehr_away:
        hospital.ehr.control(down=act.ehr_away)
    sender = hospital.send(act.name, run)
    try:
        while True:
            sent = sender.poll() is not None
            under = _under(hospital.ask("counts"), before, acted.of)
            watch(under)
            if sent and under.rests:
                break
            if time.monotonic() - began > LONGEST:
                acted.unfinished = f"{under.unread} unread and {under.owed} owed after {LONGEST:.0f} s"
                break
            time.sleep(LOOK)
        _told(sender, acted)
    finally:
        end(sender)
    asked = hospital.ehr.summary(since=mark)["by_answer"]
    acted.writes = Counter({how: n for how, n in asked.items() if how.split()[0] not in READS})
    acted.seconds = time.monotonic() - began
    return acted


def _told(sender: subprocess.Popen[str], acted: Acted) -> None:
    """Takes what the sender printed; one that still sends, or broke down, is said."""
    if sender.poll() is None:
        acted.surprises.append("the sender was still sending")
        return
    out, err = sender.communicate()
    try:
        said = json.loads(out)
    except json.JSONDecodeError:
        last = err.strip().splitlines()[-1:] or ["it said nothing"]
        acted.surprises.append(f"the sender gave up: {last[0]}")
        return
    acted.sent, acted.answers, acted.surprises = said["sent"], Counter(said["answers"]), said["surprises"]


def _arrived(counts: dict[str, Any]) -> int:
    """How many frames Integrator has taken, duplicates too."""
    twice: int = sum(n for what, n in counts["counted"].items() if what.endswith(": duplicate"))
    stored: int = sum(counts["messages"].values())
    return stored + twice


def _under(counts: dict[str, Any], before: int, of: int) -> Under:
    owed = sum(states.get("owed", 0) for states in counts["owed"].values())
    return Under(_arrived(counts) - before, of, counts["messages"].get("received", 0), owed)


def rest(hospital: Hospital) -> None:
    """Waits until a fresh Integrator has done what an earlier run left. RetryLater: it does not end."""
    began = time.monotonic()
    while not _under(hospital.ask("counts"), 0, 0).rests:
        if time.monotonic() - began > LONGEST:
            raise RetryLater(f"what an earlier run left is not done after {LONGEST:.0f} s")
        time.sleep(LOOK)
