"""The checks of the story, pure: each takes the evidence and says in sentences what is wrong, if anything."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from integrator.commands.demo import trial_checks as trial
from integrator.commands.demo.acting import Acted
from integrator.commands.demo.evidence import Evidence
from integrator.sandbox.audit import differences
from integrator.sandbox.people import PARTICIPANTS

AGAIN = ("same-bytes", "same-facts")
CANNOT = "the target cannot write "
NEVER_HELD = 1  # the fraction that was charged by mistake: taken back before the EHR was given it, and so settled
MOVE = "DISPO-017: Fraction 7 moved from .{1,60}10:00.{0,40} to .{1,60}09:40.{0,40} — machine down"
SEEN_BUTTON = "Mark all as seen"


@dataclass(frozen=True)
class Check:
    """One thing that must be so; `wrong` is empty where it is; `note` says what it was seen from."""

    name: str
    wrong: tuple[str, ...] = ()
    note: str = ""


def checks(evidence: Evidence) -> list[Check]:
    """Every check of this kind of EHR, in the order in which a reader wants them."""
    writes = evidence.settings != "epic-like"
    every: list[tuple[str, Callable[[Evidence], Iterator[str]], str]] = [
        ("Every act came to rest", unfinished, ""),
        ("Every message is acknowledged as the story expects", acknowledged, _answers(evidence)),
        ("Every message stands in the state that the story gives it", states, ""),
        ("There is one record for each appointment", one_record_each, f"{len(evidence.truth)} appointments"),
        ("Held is the message with the broken characters, and nothing else", held_rightly, ""),
    ]
    if writes:
        every += [
            ("The EHR holds what the department's book says", as_the_book, _held(evidence)),
            ("The EHR's log: each appointment was made once, no identifier is held twice", made_once, ""),
            ("So was everything else", trial.nothing_twice, _others(evidence)),
            ("Each fraction that was charged is a Procedure, and no other is", trial.given_fractions, _given(evidence)),
            (
                "Those and no others are evidenced: an appointment that is over is no given dose",
                trial.evidence_of_slots,
                "",
            ),
            ("The study and each participant stand in the EHR", trial.study_and_people, ""),
            ("Each exercise unit is a Procedure, and its scores are part of it", trial.units_and_scores, ""),
            ("Nothing is owed any more", nothing_owed, ""),
            ("Reconcile: what the EHR holds agrees with every record", agrees, f"{len(evidence.drift)} compared"),
        ]
    else:
        every += [
            ("The EHR's log: no write was done", never_written, ""),
            (
                f"Every record waits: {CANNOT}its type, ResearchStudy and ResearchSubject too",
                all_wait,
                _waiting(evidence),
            ),
        ]
    if writes and any(act.away for act in evidence.acts):
        every.append(("What was owed while the EHR was away waited for it", waited_for_it, ""))
    every += [(f"The EHR's log: no write {words}", check, "") for words, check in _silences(evidence)]
    every.append(
        ("The registry and we differ in the status, and only in that", trial.one_status_drift, _drift(evidence))
    )
    every.append(("The page says what moved and why, and names no patient", page_right, evidence.page.address))
    return [Check(name, tuple(look(evidence)), note) for name, look, note in every]


def unfinished(evidence: Evidence) -> Iterator[str]:
    """Acts that still had something to do when their time was over."""
    yield from (f"{act.title}: {act.unfinished}" for act in evidence.acts if act.unfinished)


def acknowledged(evidence: Evidence) -> Iterator[str]:
    """Answers that were not the expected ones, and messages without an answer."""
    for act in evidence.acts:
        yield from (f"{act.name}: {surprise}" for surprise in act.surprises)
        if act.sent != act.of and not act.surprises:
            yield f"{act.name}: {act.sent} of {act.of} were acknowledged"


def states(evidence: Evidence) -> Iterator[str]:
    """States in which more or fewer messages stand than the story has."""
    stand: Counter[str] = Counter(evidence.counts["messages"])
    for state in sorted({*stand, *evidence.wanted}):
        if stand[state] != evidence.wanted[state]:
            yield f"{state}: {stand[state]}, the story has {evidence.wanted[state]}"


def one_record_each(evidence: Evidence) -> Iterator[str]:
    """Too many or too few records."""
    if evidence.counts["records"] != len(evidence.truth):
        yield f"{evidence.counts['records']} records for {len(evidence.truth)} appointments"


def held_rightly(evidence: Evidence) -> Iterator[str]:
    """Held messages whose reason is not their character set."""
    for message in evidence.held:
        if not str(message["reason"]).startswith("bytes that are not"):
            yield f"{message['control_id']} ({message['type']}) is held: {message['reason']}"


def as_the_book(evidence: Evidence) -> Iterator[str]:
    """Where the EHR's appointments differ from the department's book."""
    yield from differences(evidence.truth, evidence.appointments, evidence.patients)


def made_once(evidence: Evidence) -> Iterator[str]:
    """Identifiers held more than once, and appointments made more often than there are."""
    for kind, names in evidence.log["twice"].items():
        yield from (f"{kind} {name} is held {times} times" for name, times in names.items())
    made = evidence.log["changes"].get("create Appointment", 0)
    if made != len(evidence.truth):
        yield f"{made} were made for {len(evidence.truth)} appointments"


def waited_for_it(evidence: Evidence) -> Iterator[str]:
    """Acts that came to rest while the EHR could not be reached: it was not asked, or was not away."""
    for act in evidence.acts:
        if act.away and act.seconds < act.away:
            yield f"{act.name}: nothing was owed after {act.seconds:.1f} s, the EHR was away for {act.away:.0f} s"


def nothing_owed(evidence: Evidence) -> Iterator[str]:
    """Rows that are not delivered."""
    for target, rows in evidence.counts["owed"].items():
        yield from (f"{target}: {n} {state}" for state, n in rows.items() if n and state != "delivered")
    yield from (f"record {row['record']}: {row['reason']}" for row in evidence.counts["waiting"])


def agrees(evidence: Evidence) -> Iterator[str]:
    """Drift, and appointments that were not compared."""
    for row in evidence.drift:
        if row["what"] != "agrees":
            field = f" {row['field']}: ours {row['ours']}, theirs {row['theirs']}" if row["field"] else ""
            yield f"{row['resource_id']} {row['what']}{field}"
    compared, held = len({row["key"] for row in evidence.drift}), evidence.counts["owed"]["ehr"]["delivered"]
    if compared != held - NEVER_HELD:
        yield f"{compared} records were compared of {held} that were delivered"


def never_written(evidence: Evidence) -> Iterator[str]:
    """Writes that an EHR which only reads must not have done."""
    yield from (f"{n} x {what}" for what, n in evidence.log["changes"].items())
    yield from (f"it holds Appointment/{each['id']}" for each in evidence.appointments)


def all_wait(evidence: Evidence) -> Iterator[str]:
    """Rows that do not wait, or wait for something else."""
    for target, rows in evidence.counts["owed"].items():
        others: Counter[str] = Counter({state: n for state, n in rows.items() if state != "waiting"})
        others["delivered"] -= NEVER_HELD
        yield from (f"{target}: {n} {state}" for state, n in others.items() if n)
    waiting = Counter(str(row["reason"]) for row in evidence.counts["waiting"])
    yield from (f"{n} wait: {reason}" for reason, n in waiting.items() if not reason.startswith(CANNOT))
    wanted = {"Appointment": len(evidence.truth), "ResearchSubject": len(PARTICIPANTS), "ResearchStudy": 1}
    for kind, n in wanted.items():
        if waiting[CANNOT + kind] != n:
            yield f"{waiting[CANNOT + kind]} {kind} wait, of {n}"


def page_right(evidence: Evidence) -> Iterator[str]:
    """What the page does not say and should, and whom it names."""
    page = evidence.page
    if page.status != 200:
        yield f"it answers {page.status}"
        return
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.html)).split()).replace(" :", ":").replace(" ,", ",")
    marked_as_seen = evidence.run > 1 and SEEN_BUTTON not in page.html
    if not marked_as_seen and not re.search(MOVE, text):
        yield "no sentence says that DISPO-017's fraction 7 moved to 09:40 — machine down"
    named = sum(word in page.html for word in evidence.secrets)
    if named:
        yield f"{named} names or numbers of patients stand on it"


def _silences(evidence: Evidence) -> list[tuple[str, Callable[[Evidence], Iterator[str]]]]:
    """No POST, PUT, PATCH or DELETE, whatever its answer: in acts that say nothing new, in a whole later run."""

    def of_act(act: Acted) -> Callable[[Evidence], Iterator[str]]:
        return lambda _: (f"{n} x {how}" for how, n in sorted(act.writes.items()))

    words = {"same-bytes": "when the same bytes came again", "same-facts": "when messages said what is already so"}
    silences = [(words[act.name], of_act(act)) for act in evidence.acts if act.name in AGAIN]
    if evidence.run > 1:
        silences.append(("in this whole run", _writes_of_run))
    return silences


def _writes_of_run(evidence: Evidence) -> Iterator[str]:
    log = evidence.log_of_run
    if log["writes"]:
        yield f"{log['writes']} writes: {', '.join(f'{n} x {how}' for how, n in log['by_answer'].items())}"


def _answers(evidence: Evidence) -> str:
    answers: Counter[str] = Counter()
    for act in evidence.acts:
        answers.update(act.answers)
    return ", ".join(f"{n} {code}" for code, n in sorted(answers.items()))


def _waiting(evidence: Evidence) -> str:
    waiting = Counter(str(row["reason"]).removeprefix(CANNOT) for row in evidence.counts["waiting"])
    return ", ".join(f"{n} {kind}" for kind, n in sorted(waiting.items()))


def _others(evidence: Evidence) -> str:
    holds = evidence.log["holds"]
    return ", ".join(f"{holds.get(kind, 0)} {kind}" for kind in trial.WROTE)


def _given(evidence: Evidence) -> str:
    return f"{sum(each.charged for each in evidence.truth)} fractions"


def _drift(evidence: Evidence) -> str:
    return "; ".join(str(one["sentence"]) for one in evidence.registry["drift"])


def _held(evidence: Evidence) -> str:
    return ", ".join(f"{n} {status}" for status, n in sorted(evidence.log["status"].get("Appointment", {}).items()))
