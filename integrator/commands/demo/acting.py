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
from integrator.sandbox.acts import Act

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
    acted = Acted(act.name, act.title, act.size, act.ehr_away)
    hospital.ground.clock.set(act.at)
    before = _arrived(hospital.ask("counts"))
    if act.ehr_away:
        hospital.ehr.control(down=act.ehr_away)
    players = hospital.play(act, run)
    try:
        while True:
            sent = all(player.poll() is not None for player in players)
            under = _under(hospital.ask("counts"), before, acted.of)
            watch(under)
            if sent and under.rests:
                break
            if time.monotonic() - began > LONGEST:
                acted.unfinished = f"{under.unread} unread and {under.owed} owed after {LONGEST:.0f} s"
                break
            time.sleep(LOOK)
        for player in players:
            _told(player, acted)
    finally:
        for player in players:
            end(player)
    asked = hospital.ehr.summary(since=mark)["by_answer"]
    acted.writes = Counter({how: n for how, n in asked.items() if how.split()[0] not in READS})
    acted.seconds = time.monotonic() - began
    return acted


def _told(player: subprocess.Popen[str], acted: Acted) -> None:
    """Takes what a sender, an app or an import printed; one that is not done, or broke down, is said."""
    if player.poll() is None:
        acted.surprises.append("the sender was still sending")
        return
    out, err = player.communicate()
    try:
        said = json.loads(out)
    except json.JSONDecodeError:
        last = err.strip().splitlines()[-1:] or ["it said nothing"]
        acted.surprises.append(f"the sender gave up: {last[0]}")
        return
    if "rows" in said:
        said = {"sent": said["rows"], "answers": {"rows": said["right"]}, "surprises": _wrong_rows(said)}
    acted.sent += said["sent"]
    acted.answers.update(said["answers"])
    acted.surprises += said["surprises"]


def _wrong_rows(said: dict[str, Any]) -> list[str]:
    return [f"line {one['line']}: {one['field']}: {one['text']}" for one in said["problems"]]


def _arrived(counts: dict[str, Any]) -> int:
    """How many messages and entries Integrator has taken, duplicates too."""
    twice: int = sum(n for what, n in counts["counted"].items() if what.endswith(": duplicate"))
    stored: int = sum(counts["messages"].values()) + sum(counts["entered"].values())
    return stored + twice


def _under(counts: dict[str, Any], before: int, of: int) -> Under:
    owed = sum(states.get("owed", 0) for states in counts["owed"].values())
    unread = sum(counts[of_whom].get("received", 0) for of_whom in ("messages", "entered"))
    return Under(_arrived(counts) - before, of, unread, owed)


def rest(hospital: Hospital) -> None:
    """Waits until a fresh Integrator has done what an earlier run left. RetryLater: it does not end."""
    began = time.monotonic()
    while not _under(hospital.ask("counts"), 0, 0).rests:
        if time.monotonic() - began > LONGEST:
            raise RetryLater(f"what an earlier run left is not done after {LONGEST:.0f} s")
        time.sleep(LOOK)
