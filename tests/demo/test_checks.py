"""Each check of the story holds on good evidence and, when one thing is spoiled, says so and nothing else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from integrator.commands.demo.checks import CANNOT, checks
from integrator.commands.demo.evidence import Evidence, Page, wanted_states
from integrator.commands.demo.telling import sections
from integrator.sandbox.people import PARTICIPANTS
from integrator.sandbox.story import Story


def wrong(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    return {check.name: check.wrong for check in checks(evidence) if check.wrong}


def counted(evidence: Evidence, **what: Any) -> Evidence:
    return replace(evidence, counts={**evidence.counts, **what})


def logged(evidence: Evidence, **what: Any) -> Evidence:
    return replace(evidence, log={**evidence.log, **what})


def acted(evidence: Evidence, name: str, **what: Any) -> Evidence:
    return replace(evidence, acts=tuple(replace(act, **what) if act.name == name else act for act in evidence.acts))


def paged(evidence: Evidence, html: str, status: int = 200) -> Evidence:
    return replace(evidence, page=Page("http://127.0.0.1:8480/", status, html))


def moved_back(evidence: Evidence) -> Evidence:
    first, *rest = evidence.appointments
    return replace(evidence, appointments=[{**first, "start": "2026-03-02T07:40:00+00:00"}, *rest])


def without(evidence: Evidence, kind: str, gone: Callable[[dict[str, Any]], bool]) -> Evidence:
    kept = [one for one in evidence.of(kind) if not gone(one)]
    return replace(evidence, resources={**evidence.resources, kind: kept})


def with_one(evidence: Evidence, kind: str, more: dict[str, Any]) -> Evidence:
    return replace(evidence, resources={**evidence.resources, kind: [*evidence.of(kind), more]})


def first(evidence: Evidence, begins: str) -> dict[str, Any]:
    return next(one for one in evidence.of("Procedure") if one["id"].startswith(begins))


def given(evidence: Evidence) -> str:
    return next(each.filler for each in evidence.truth if each.charged)


def evidenced(appointment: dict[str, Any]) -> dict[str, Any]:
    return {**appointment, "extension": [{"url": "x/evidence", "valueCode": "evidenced"}]}


SPOILED: dict[str, tuple[Callable[[Evidence], Evidence], str, str]] = {
    "an act that hangs": (
        lambda e: acted(e, "given", unfinished="0 unread and 3 owed after 90 s"),
        "came to rest",
        "3 owed after 90 s",
    ),
    "another answer": (
        lambda e: acted(e, "given", surprises=["ARIA1: answered AR, expected AA"]),
        "acknowledged",
        "given: ARIA1: answered AR, expected AA",
    ),
    "no answer": (lambda e: acted(e, "given", sent=47), "acknowledged", "given: 47 of 48 were acknowledged"),
    "a message lost": (
        lambda e: counted(e, messages={**e.wanted, "merged": e.wanted["merged"] - 1}),
        "stands in the state",
        "merged: 249, the story has 250",
    ),
    "a message left": (
        lambda e: counted(e, messages={**e.wanted, "received": 1}),
        "stands in the state",
        "received: 1, the story has 0",
    ),
    "a record too many": (lambda e: counted(e, records=121), "one record", "121 records for 120"),
    "held by a fault": (
        lambda e: replace(e, held=[{**e.held[0], "reason": "a fault of Integrator"}]),
        "Held is",
        "ARIA1 (SIU^S14) is held: a fault of Integrator",
    ),
    "another time": (moved_back, "department's book", "40009-01: start is 2026-03-02T07:40:00+00:00"),
    "held twice": (lambda e: logged(e, twice={"Appointment": {"x|1": 2}}), "made once", "x|1 is held 2 times"),
    "made twice": (
        lambda e: logged(e, changes={**e.log["changes"], "create Appointment": 121}),
        "made once",
        "121 were made for 120",
    ),
    "never away": (lambda e: acted(e, "machine-down", seconds=0.4), "was away", "machine-down: nothing was owed"),
    "refused": (
        lambda e: counted(e, owed={"ehr": {"delivered": 121, "refused": 1}}),
        "Nothing is owed",
        "ehr: 1 refused",
    ),
    "drift": (
        lambda e: replace(
            e, drift=[{**e.drift[0], "what": "changed", "field": "time", "ours": 1, "theirs": 2}, *e.drift[1:]]
        ),
        "Reconcile",
        "1 changed time: ours 1, theirs 2",
    ),
    "not compared": (lambda e: replace(e, drift=e.drift[1:]), "Reconcile", "119 records were compared of 121"),
    "a fraction without its Procedure": (
        lambda e: without(e, "Procedure", lambda one: one["id"] == f"f-{given(e)}"),
        "fraction that was charged",
        "was charged, and the EHR has no Procedure",
    ),
    "a Procedure of what is only over": (
        lambda e: with_one(e, "Procedure", {**first(e, "f-"), "id": "f-x", "extension": []}),
        "fraction that was charged",
        "no appointment of ours: 1 Procedures",
    ),
    "evidence of nothing": (
        lambda e: replace(e, appointments=[evidenced(one) for one in e.appointments]),
        "are evidenced",
        "evidenced",
    ),
    "no study": (lambda e: without(e, "ResearchStudy", lambda one: True), "study and each participant", "0 studies"),
    "a subject of another study": (
        lambda e: with_one(e, "ResearchSubject", {**e.of("ResearchSubject")[0], "study": {"reference": "x"}}),
        "study and each participant",
        "has 2 ResearchSubjects",
    ),
    "a unit lost": (
        lambda e: without(e, "Procedure", lambda one: one["id"] == "u-0"),
        "exercise unit",
        "47 exercise units for 48",
    ),
    "a score of nothing": (
        lambda e: with_one(e, "Observation", {"id": "s-x", "partOf": [{"reference": "Procedure/x"}]}),
        "exercise unit",
        "Observation/s-x is part of",
    ),
    "an Observation twice": (
        lambda e: logged(e, changes={**e.log["changes"], "create Observation": 61}),
        "everything else",
        "61 Observation were made, 60 are held",
    ),
    "no drift": (lambda e: replace(e, registry={**e.registry, "drift": []}), "registry and we", "0 differences"),
    "written by the same bytes": (
        lambda e: acted(e, "same-bytes", writes=Counter({"PUT 200": 2})),
        "same bytes came again",
        "2 x PUT 200",
    ),
    "written by the same facts": (
        lambda e: acted(e, "same-facts", writes=Counter({"POST 412": 1})),
        "already so",
        "1 x POST 412",
    ),
    "no page": (lambda e: paged(e, "", 500), "The page", "it answers 500"),
    "no sentence": (lambda e: paged(e, "<p>Mark all as seen</p>"), "The page", "no sentence says"),
    "no reason": (lambda e: paged(e, e.page.html.replace(" — machine down", "")), "The page", "no sentence says"),
    "a name": (
        lambda e: paged(e, e.page.html + PARTICIPANTS[8].family),
        "The page",
        "1 names or numbers of patients stand on it",
    ),
}


def test_nothing_is_wrong_where_all_is_well(well: Evidence) -> None:
    assert wrong(well) == {}


@pytest.mark.parametrize("what", SPOILED)
def test_one_spoiled_thing_is_said_by_its_check(what: str, well: Evidence) -> None:
    spoil, check, sentence = SPOILED[what]
    ((name, said),) = wrong(spoil(well)).items()
    assert check in name
    assert sentence in said[0]


WAITS = {"Appointment": 120, "ResearchSubject": 12, "ResearchStudy": 1}


def reads_only(well: Evidence) -> Evidence:
    """Of a run on an EHR that cannot write any of it."""
    reasons = [CANNOT + kind for kind, n in WAITS.items() for _ in range(n)]
    return replace(
        well,
        settings="epic-like",
        counts={
            **well.counts,
            "owed": {"ehr": {"waiting": 133, "delivered": 1}},
            "waiting": [{"target": "ehr", "record": n, "reason": reason} for n, reason in enumerate(reasons)],
        },
        log={"twice": {}, "changes": {}, "holds": {"Patient": 52}, "status": {}, "by_answer": {}, "writes": 0},
        appointments=[],
        resources={},
        drift=[],
    )


def test_on_an_ehr_that_reads_only_everything_waits_and_nothing_is_written(well: Evidence) -> None:
    epic = reads_only(well)
    assert wrong(epic) == {}
    ((name, said),) = wrong(logged(epic, changes={"create Appointment": 1})).items()
    assert (name, said) == ("The EHR's log: no write was done", ("1 x create Appointment",))
    waiting = [*epic.counts["waiting"], {**epic.counts["waiting"][0], "reason": "a person"}]
    ((_, said),) = wrong(counted(epic, waiting=waiting)).items()
    assert said == ("1 wait: a person",)
    ((_, said),) = wrong(counted(epic, waiting=epic.counts["waiting"][1:])).items()
    assert said == ("119 Appointment wait, of 120",)
    ((_, said),) = wrong(counted(epic, owed={"ehr": {"waiting": 133, "delivered": 1, "refused": 1}})).items()
    assert said == ("ehr: 1 refused",)


def test_a_later_run_may_write_nothing_at_all(well: Evidence, story: Story) -> None:
    states = wanted_states(story, 3)
    assert states["unchanged"] == 360
    later = replace(well, run=3, wanted=states, acts=well.acts[-2:], log_of_run={"writes": 0, "by_answer": {}})
    later = counted(later, messages=dict(states))
    assert wrong(later) == {}
    ((name, said),) = wrong(replace(later, log_of_run={"writes": 1, "by_answer": {"PUT 200": 1}})).items()
    assert "in this whole run" in name
    assert said == ("1 writes: 1 x PUT 200",)
    assert wrong(paged(later, "<p>nothing since 08:30</p>")) == {}  # somebody marked the moves as seen
    assert list(wrong(paged(later, "<button>Mark all as seen</button>"))) == [checks(later)[-1].name]


def test_the_table_has_every_part_and_says_none_where_there_is_none(well: Evidence) -> None:
    told = dict(sections(well))
    assert told["Held, with reasons"] == [("1", "aria SIU^S14: bytes that are not UTF-8")]
    assert told["Waiting, with reasons"] == [("0", "none")]
    assert told["Owed"] == [("121", "delivered, to ehr")]
    assert told["Reconcile"] == [("120", "agrees")]
    assert ("120", "POST 201") in told["The EHR's log: received"]
