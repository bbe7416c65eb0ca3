"""integrator demo: makes the ground, starts the hospital, plays the story or plays it again, looks, and tells."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

import click
import orjson

from integrator.commands.demo.acting import Acted, act_out, rest
from integrator.commands.demo.checks import AGAIN, Check, checks
from integrator.commands.demo.evidence import Evidence, gather
from integrator.commands.demo.ground import Ground
from integrator.commands.demo.running import Hospital
from integrator.commands.demo.telling import Telling
from integrator.sandbox.acts import Act
from integrator.sandbox.ehr.settings import SETTINGS
from integrator.sandbox.story import Story, tell

INTERRUPTED = 130


@click.command()
@click.option("--once", is_flag=True, help="End after the story; exit code 0 only if every check held.")
@click.option(
    "--settings", type=click.Choice(sorted(SETTINGS)), default="hapi-like", show_default=True, help="The kind of EHR."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Where it all lives, kept between runs; each kind of EHR has a folder of its own in it.",
)
@click.option("--fresh", is_flag=True, help="Start from nothing, whatever an earlier run left.")
@click.option("--pace", default=0.0, help="Seconds between two acts, for those who watch the page.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; what a person reads goes to stderr.")
def demo(once: bool, settings: str, folder: Path, fresh: bool, pace: float, as_json: bool) -> None:
    """Plays a story of radiotherapy appointments on real sockets: a sandbox hospital, an EHR, and Integrator.

    Run again, it plays on the same store and the same EHR and shows that nothing is written twice. The page stays up
    until Ctrl-C unless --once is given.

    Example: integrator demo --once --settings epic-like
    """
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    signal.signal(signal.SIGHUP, _as_ctrl_c)
    telling = Telling(to_stderr=as_json)
    try:
        good = _demo(telling, settings, folder / settings, fresh, pace, once, as_json)
    except KeyboardInterrupt:
        telling.say("Interrupted; everything that was started is stopped.")
        sys.exit(INTERRUPTED)
    sys.exit(0 if good else 1)


def _demo(telling: Telling, settings: str, folder: Path, fresh: bool, pace: float, once: bool, as_json: bool) -> bool:
    story, began = tell(), time.monotonic()
    with Ground(folder, story, fresh) as ground:
        run = ground.runs + 1
        acts = acts_of(story, run)
        _introduce(telling, ground, settings, run)
        ground.clock.set(acts[0].at)
        with Hospital(ground, settings) as hospital:
            telling.say(f"  The page of the day: {hospital.page}")
            telling.say(f"  The sandbox EHR:     {hospital.ehr.base}")
            telling.say()
            telling.acts_head()
            acted = _play(telling, hospital, acts, run, pace)
            evidence = gather(hospital, story, run, acted)
            if not any(one.unfinished for one in acted):
                ground.remember(run)
            found, seconds = checks(evidence), time.monotonic() - began
            _conclude(telling, evidence, found, seconds)
            if as_json:
                click.echo(orjson.dumps(result(evidence, found, seconds), option=orjson.OPT_INDENT_2, default=str))
            if not once:
                _stay(telling, hospital)
    return not any(check.wrong for check in found)


def acts_of(story: Story, run: int) -> list[Act]:
    """The whole story the first time; afterwards only what says again what is known."""
    again = [story.act(name, run) for name in AGAIN]
    return again if run > 1 else [*story.acts, *again]


def _introduce(telling: Telling, ground: Ground, settings: str, run: int) -> None:
    telling.say(f"Integrator's demo: a sandbox hospital on real sockets, its EHR {settings}.", "bold")
    telling.say("Everybody in it is invented; the clock is the story's, Tuesday 10 March 2026 is its day.")
    if ground.began_because:
        telling.say(f"It starts from nothing: {ground.began_because}.")
    if run > 1:
        telling.say(
            f"Run {run} on this store: all messages come again byte for byte, then one for each appointment with a new "
            "control id. Nothing may be written to the EHR. (--fresh starts from nothing.)"
        )
    telling.say(f"  Its folder:          {ground.folder}")


def _play(telling: Telling, hospital: Hospital, acts: list[Act], run: int, pace: float) -> list[Acted]:
    """Act by act; what comes after an act that does not come to rest would only blur what went wrong."""
    rest(hospital)
    played: list[Acted] = []
    for act in acts:
        with telling.act(act) as watch:
            acted = act_out(hospital, act, run, watch)
        telling.acted(act, acted)
        played.append(acted)
        if acted.unfinished:
            break
        time.sleep(pace)
    return played


def _conclude(telling: Telling, evidence: Evidence, found: list[Check], seconds: float) -> None:
    telling.say()
    telling.table(evidence)
    telling.checks(found)
    telling.say()
    wrong = sum(bool(check.wrong) for check in found)
    if wrong:
        telling.say(f"{wrong} of {len(found)} checks did not hold. It took {seconds:.0f} s.", "bold red")
    else:
        telling.say(f"All {len(found)} checks held. It took {seconds:.0f} s.", "bold green")


def _stay(telling: Telling, hospital: Hospital) -> None:
    """Keeps everything up until Ctrl-C, or until Integrator is gone."""
    config = hospital.ground.config
    telling.say()
    telling.say(f"The page stays up: {hospital.page}", "bold")
    telling.say(
        "  What moved, and why: LINAC 3 was down; DISPO-017's fraction 7 went from Tuesday 10:00 to Thursday 09:40."
    )
    telling.say(f"  What the EHR holds:  {hospital.ehr.base}/Appointment?date=2026-03-12")
    telling.say(f"  Compare the two:     integrator reconcile --dry-run --config {config}")
    telling.say("Ctrl-C ends it; run it again and see that nothing is written twice.")
    try:
        while hospital.runs:
            time.sleep(0.5)
    except KeyboardInterrupt:
        telling.say()
        telling.say("Ended.")
        return
    telling.say(f"integrator serve ended by itself; its log is {hospital.log}", "bold red")


def result(evidence: Evidence, found: list[Check], seconds: float) -> dict[str, Any]:
    """The outcome for a program."""
    return {
        "ok": not any(check.wrong for check in found),
        "settings": evidence.settings,
        "run": evidence.run,
        "seconds": round(seconds, 1),
        "page": evidence.page.address,
        "checks": [{"name": check.name, "ok": not check.wrong, "wrong": list(check.wrong)} for check in found],
        "acts": [vars(act) for act in evidence.acts],
        "counts": evidence.counts,
        "held": evidence.held,
        "ehr": evidence.log,
        "drift": [row for row in evidence.drift if row["what"] != "agrees"],
    }


def _as_ctrl_c(number: int, frame: object) -> None:
    raise KeyboardInterrupt
