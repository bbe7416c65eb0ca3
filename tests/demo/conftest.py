"""The evidence of a demo that went well, for tests that spoil one thing of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from integrator.commands.demo.acting import Acted
from integrator.commands.demo.evidence import Evidence, Page, wanted_states
from integrator.commands.demo.trial_checks import FRACTION
from integrator.sandbox.book import Fraction
from integrator.sandbox.people import PARTICIPANTS, patient_resource
from integrator.sandbox.story import Story, tell

PAGE = (
    "<ol><li><p><b>DISPO-017</b>: Fraction 7 moved from <s>today 10:00</s> to <b>Thu 09:40</b> — machine down "
    '<span class="src">(ARIA, 08:12)</span>.</p></li></ol><button>Mark all as seen</button>'
)


@pytest.fixture(scope="session")
def story() -> Story:
    return tell()


@pytest.fixture
def well(story: Story) -> Evidence:
    """Of a first run on hapi-like."""
    return Evidence(
        settings="hapi-like",
        run=1,
        acts=tuple(_acts(story)),
        wanted=wanted_states(story, 1),
        truth=story.truth,
        counts={
            "messages": {**wanted_states(story, 1), "received": 0},
            "owed": {"ehr": {"owed": 0, "delivered": 121}},
            "waiting": [],
            "records": 120,
            "questions": [],
            "counted": {"aria: duplicate": 231},
        },
        held=[{"source": "aria", "control_id": "ARIA1", "type": "SIU^S14", "reason": "bytes that are not UTF-8"}],
        log={
            "twice": {},
            "changes": {
                "create Appointment": 120,
                "update Appointment": 66,
                **{f"create {kind}": len(held) for kind, held in _others(story).items()},
            },
            "holds": {"Appointment": 120, "Patient": 52, **{k: len(held) for k, held in _others(story).items()}},
            "status": {"Appointment": dict(story.statuses())},
            "by_answer": {"GET 200": 400, "POST 201": 120, "PUT 200": 66},
            "writes": 186,
        },
        log_of_run={"writes": 186, "by_answer": {"POST 201": 120, "PUT 200": 66}},
        appointments=[_appointment(fraction) for fraction in story.truth],
        patients=[patient_resource(person) for person in PARTICIPANTS],
        drift=[{"what": "agrees", "key": each.filler, "resource_id": "1", "field": None} for each in story.truth],
        page=Page("http://127.0.0.1:8480/", 200, PAGE),
        secrets=tuple(word for person in PARTICIPANTS for word in (person.number, person.family)),
        story=story.acts,
        resources=_others(story),
        registry={
            "status": {"registry": "COMPLETED"},
            "drift": [{"place": "status", "sentence": "Status: the registry says completed."}],
        },
    )


def _others(story: Story) -> dict[str, list[dict[str, Any]]]:
    """Study, participants, fractions, units and scores as the EHR would hold them."""
    subjects = [
        {
            "id": person.subject,
            "status": "on-study",
            "study": {"reference": "ResearchStudy/1"},
            "individual": {"reference": f"Patient/{patient_resource(person)['id']}"},
        }
        for person in PARTICIPANTS
    ]
    fractions = [
        {
            "id": f"f-{each.filler}",
            "status": "completed",
            "code": {"coding": [{"code": FRACTION}]},
            "extension": [{"url": "x/appointment", "valueReference": {"reference": f"Appointment/{each.filler}"}}],
        }
        for each in story.given()
    ]
    many = len(story.act("units").posts) + story.act("diary").size
    units = [{"id": f"u-{n}", "status": "completed", "code": {"coding": [{"code": "x"}]}} for n in range(many)]
    scores = [{"id": f"s-{n}", "partOf": [{"reference": f"Procedure/u-{n}"}]} for n in range(many)]
    return {
        "ResearchStudy": [{"id": "1", "identifier": [{"value": "NCT01409720"}]}],
        "ResearchSubject": subjects,
        "Procedure": fractions + units,
        "Observation": scores + [{"id": f"t0-{person.subject}"} for person in PARTICIPANTS],
    }


def _acts(story: Story) -> list[Acted]:
    return [
        Acted(
            name=act.name,
            title=act.title,
            of=act.size,
            away=act.ehr_away,
            sent=act.size,
            answers=Counter(sent.answer for sent in act.messages),
            seconds=act.ehr_away + 1,
        )
        for act in (*story.acts, story.act("same-bytes"), story.act("same-facts"))
    ]


def _appointment(fraction: Fraction) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": fraction.filler,
        "identifier": [{"value": fraction.filler}],
        "status": fraction.status,
        "cancelationReason": {"text": fraction.reason},
        "start": fraction.slot.start.isoformat(),
        "end": fraction.slot.end.isoformat(),
        "extension": [{"url": "x/evidence", "valueCode": "evidenced" if fraction.charged else "presumed"}],
        "participant": [
            {"actor": {"reference": f"Patient/{patient_resource(fraction.person)['id']}"}},
            {"actor": {"display": fraction.slot.machine}},
        ],
    }
