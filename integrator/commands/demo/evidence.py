"""Everything that is looked at when the story is over, gathered once: what Integrator says, what the EHR's log says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

from integrator.commands.demo.acting import Acted
from integrator.commands.demo.running import Hospital
from integrator.sandbox.acts import Act
from integrator.sandbox.book import Fraction
from integrator.sandbox.people import OTHERS, PARTICIPANTS
from integrator.sandbox.story import Story

Json = dict[str, Any]
NCT = "NCT01409720"
OTHER_KINDS = ("ResearchStudy", "ResearchSubject", "Procedure", "Observation")


@dataclass(frozen=True)
class Page:
    """What the page of the day answered."""

    address: str
    status: int
    html: str


@dataclass(frozen=True)
class Evidence:
    """What is known at the end; `run`: how often the story was told on this store; `log` is of the EHR, all of it."""

    settings: str
    run: int
    acts: tuple[Acted, ...]
    wanted: Counter[str]  # messages by state, as the story has them
    truth: tuple[Fraction, ...]  # the department's book
    counts: Json
    held: list[Json]
    log: Json
    log_of_run: Json
    appointments: list[Json]
    patients: list[Json]
    drift: list[Json]
    page: Page
    secrets: tuple[str, ...]  # names and numbers that may stand on no page
    story: tuple[Act, ...] = ()  # its acts as they are told first
    resources: dict[str, list[Json]] = field(default_factory=dict)  # what else the EHR holds, by type
    registry: Json = field(default_factory=dict)  # what `registry diff` says

    def of(self, kind: str) -> list[Json]:
        """What the EHR holds of a type beside Appointment and Patient."""
        return self.resources.get(kind, [])


def gather(hospital: Hospital, story: Story, run: int, acts: list[Acted]) -> Evidence:
    """Asks Integrator, the EHR and the page; nothing is changed by it."""
    drift = hospital.ask("reconcile", dry_run=True)
    ehr = hospital.ehr
    return Evidence(
        settings=hospital.settings,
        run=run,
        acts=tuple(acts),
        wanted=wanted_states(story, run),
        truth=story.truth,
        counts=hospital.ask("counts"),
        held=hospital.ask("held"),
        log=ehr.summary(),
        log_of_run=ehr.summary(since=hospital.mark),
        appointments=ehr.holds("Appointment"),
        patients=ehr.holds("Patient"),
        drift=drift,
        page=look_at(hospital.page),
        secrets=tuple(word for one in (*PARTICIPANTS, *OTHERS) for word in (one.number, one.family)),
        story=story.acts,
        resources={kind: ehr.holds(kind) for kind in OTHER_KINDS},
        registry=hospital.ask("registry diff", nct=NCT),
    )


def wanted_states(story: Story, run: int) -> Counter[str]:
    """How many messages must stand in each state when the story was told and then `same-facts` `run` times."""
    unchanged = Counter(sent.state for sent in story.act("same-facts").messages)
    wanted = story.states()
    for _ in range(run):
        wanted += unchanged
    return wanted


def look_at(address: str) -> Page:
    """The page as a browser gets it."""
    answer = requests.get(address, timeout=30)
    return Page(address, answer.status_code, answer.text)
