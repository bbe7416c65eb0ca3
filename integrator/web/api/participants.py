"""Participants: read, linked to their patients, changed, and withdrawn."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request

from integrator.entering import NotValid, add_participant, withdraw
from integrator.errors import Rejected
from integrator.identity import check_second, number_index
from integrator.linked import whose
from integrator.records import CODES
from integrator.records.schemas import Problem
from integrator.store import Tx, people, records
from integrator.store.people import Participant
from integrator.store.records import Row
from integrator.web.api import reading, shown, writing
from integrator.web.api.answers import answer, wrong
from integrator.web.api.asked import body, load, seen
from integrator.web.api.bodies import Link, Withdrawal, changed_entry
from integrator.web.api.describing import filters, listed, path_parameter, single, writes
from integrator.web.api.room import Noun, Room

KIND = "Participant"
SUBJECT = path_parameter("subject", "The subject code.")
OF_WITHDRAWAL = {"consent.withdrawn": "on", "since": "on", "consent.withdrawal": "scope", "consent": "on"}


def participants(room: Room) -> Noun:
    """/participants"""
    noun = Noun("participants", room, "Who is in the trial, by subject code; who that is, is never shown.")
    words = {"subject": (), "status": CODES[KIND]["status"]}

    @noun.route("")
    @listed(noun, KIND, filters(words))
    def many() -> Response:
        """The participants."""
        return reading.records_page(room, KIND, words, times=False)

    @noun.route("", methods=["POST"])
    @writes(noun, KIND, Link, True, 409, match=False)
    def create() -> Response:
        """Links a subject code to a patient; messages of that patient that were kept are read again."""
        return link(room, body())

    @noun.route("/<path:subject>", parameters=SUBJECT)
    @single(noun, KIND)
    def one(subject: str) -> Response:
        """One participant."""
        return reading.one(room, KIND, subject)

    @noun.route("/<path:subject>", methods=["PATCH"], parameters=SUBJECT)
    @writes(noun, KIND, changed_entry(KIND), False, 404, 428)
    def change(subject: str) -> Response:
        """Says what has changed: the status with its day and reason, the arm, a new consent."""
        return writing.change(room, KIND, subject, body())

    @noun.route("/<path:subject>/withdrawal", methods=["POST"], parameters=SUBJECT)
    @writes(noun, KIND, Withdrawal, False, 404, 409, match=False)
    def withdrawal(subject: str) -> Response:
        """Ends a consent for a scope, from a day on; If-Match is heeded where it is sent."""
        return end_consent(room, subject, body())

    return noun


def link(room: Room, sent: dict[str, Any]) -> Response:
    """A new participant. The same link sent again is the one that is there."""
    facts, problems = load(Link(), sent)
    if facts.get("second"):
        problems += _second(facts["second"])
    if problems:
        raise NotValid(problems=problems)
    consent = facts.pop("consent")
    if not consent.date:
        wrong(422, "on which day was the consent signed? write 2026-03-02", "consent.date")
    with room.line.store.write() as tx:
        people.begin_change(tx)
        row = _linked(room, tx, facts, consent.date)
        made = row is None
        if row is None:
            day = datetime.combine(datetime.fromisoformat(consent.date).date(), time(), ZoneInfo(room.zone))
            said = {"consent": day, "version": consent.version or "", "actor": g.actor}
            add_participant(room.line, tx, **facts, **said)
            row = _row(tx, facts["subject"])
        told = shown.one(room, tx, row)
    room.wake()
    return answer(told, 201 if made else 200, row.version, {"Location": told["href"]} if made else {})


def _second(text: str) -> list[Problem]:
    try:
        check_second(text)
    except Rejected as rejected:
        return [Problem("second", str(rejected))]
    return []


def _linked(room: Room, tx: Tx, facts: dict[str, Any], day: str) -> Row | None:
    """The participant of this subject code and number, if they are linked; 409: one of both is linked otherwise."""
    index = number_index(room.line.keys, facts["number"])
    there, other = people.by_subject(tx, facts["subject"]), whose(tx, index)
    if there is None and other is None:
        return None
    if there is None or other is None or there.subject != other.subject:
        field = "subject" if there else "number"
        what = f"{facts['subject']} is linked to another patient" if there else "this hospital number is linked"
        wrong(409, f"{what} already; one patient has one subject code", field)
    row = _row(tx, facts["subject"])
    said = {name: facts[name] for name in ("arm", "status") if facts.get(name)}
    same = {name: row.body.get(name) for name in said} == said and _consent_day(room, there) == day
    if not same:
        text = f"{facts['subject']} is linked to this patient already, and more is known of them; change it with PATCH"
        wrong(409, text, "subject", version=row.version)
    return row


def _consent_day(room: Room, participant: Participant) -> str | None:
    at = participant.consent_from
    return at.astimezone(ZoneInfo(room.zone)).date().isoformat() if at else None


def end_consent(room: Room, subject: str, sent: dict[str, Any]) -> Response:
    """The end of a consent. The same withdrawal sent again is the one that is there."""
    facts, problems = load(Withdrawal(), sent)
    with room.line.store.write() as tx:
        people.begin_change(tx)
        if people.by_subject(tx, subject) is None:
            reading.missing()
        if problems:
            raise NotValid(problems=problems)
        row = _row(tx, subject)
        if not _withdrawn(row, facts):
            if request.if_match:
                seen(row.version)
            _withdraw(room, tx, subject, facts)
            row = _row(tx, subject)
        told = shown.one(room, tx, row)
    room.wake()
    return answer(told, version=row.version)


def _withdrawn(row: Row, facts: dict[str, Any]) -> bool:
    consent = row.body.get("consent") or {}
    return (consent.get("withdrawn"), consent.get("withdrawal")) == (facts["on"], facts["scope"])


def _withdraw(room: Room, tx: Tx, subject: str, facts: dict[str, Any]) -> None:
    try:
        withdraw(room.line, tx, subject, facts["scope"], facts["on"], facts.get("reason", ""), g.actor)
    except NotValid as found:
        named = [Problem(OF_WITHDRAWAL.get(one.field, one.field), one.text) for one in found.problems]
        raise NotValid(problems=list(dict.fromkeys(named))) from None
    except Rejected as found:
        wrong(409, str(found))


def _row(tx: Tx, subject: str) -> Row:
    row = records.get(tx, KIND, subject)
    if row is None:
        reading.missing()
    return row
