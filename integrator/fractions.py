"""Fractions: after an appointment or a report changed, the evidence of that participant's fractions is weighed anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from integrator import identity
from integrator.claims import claims_from_json, said_from_json
from integrator.evidence import Match, Weighed, is_fraction, weigh
from integrator.house import House
from integrator.merge import Claims, changed
from integrator.records import Said
from integrator.records.values import Ref
from integrator.store import Tx, questions, records
from integrator.store.people import Participant
from integrator.store.records import Row

WEIGHED = ("Appointment", "Treatment")
PLANNED = {"planned": "scheduled"}  # the rung that a word of [study] procedures means
DERIVED = ("appointment", "doubt")  # fields of a report that matching says, where nobody claimed them


@dataclass(frozen=True, slots=True)
class Turned:
    """A record beside the one that was merged, with what it now shows."""

    row: Row
    claims: Claims
    before: Said | None
    said: Said


@dataclass(frozen=True, slots=True)
class Around:
    """What weighing makes of the merged record itself, and of others of its participant."""

    own: Said
    others: tuple[Turned, ...] = ()


def reserve(house: House, tx: Tx, participants: Iterable[Participant], reported: bool) -> None:
    """Before a batch, where several processes merge: what is weighed of these participants is this transaction's.

    As long as nothing was reported of a participant, appointments are merged beside each other; a report waits for
    them, and they for it. `reported`: the batch has reports.
    """
    found = list(participants)
    tx.lock((_reports_of(one) for one in found), together=not reported)
    records.look_ahead(tx, (one.subject for one in found), "Treatment")
    tx.lock(_fractions_of(one) for one in found if reported or _weighs(house, tx, one))


def _reports_of(participant: Participant) -> str:
    """The name under which it stays true whether anything was reported of a participant."""
    return f"reports {participant.subject}"


def _fractions_of(participant: Participant) -> str:
    """The name under which the evidence of all fractions of a participant is weighed."""
    return f"fractions {participant.subject}"


def _policy(house: House) -> str:
    return PLANNED.get(house.settings.study.procedures, house.settings.study.procedures)


def _weighs(house: House, tx: Tx, participant: Participant) -> bool:
    """Whether an appointment of this participant says anything of a fraction: something was reported, or the study
    takes less than a report for a fraction."""
    return _policy(house) != "evidenced" or bool(records.of_subject(tx, participant.subject, "Treatment"))


def around(
    house: House, tx: Tx, participant: Participant | None, kind: str, key: str, said: Said, ask: bool = True
) -> Around:
    """Weighs the fractions of a participant with one record as it is about to be.

    ask: also asks what only a person knows, and closes what has answered itself.
    """
    if participant is None or kind not in WEIGHED or is_fraction(key):
        return Around({})
    tx.lock([_reports_of(participant)], together=kind == "Appointment")
    if kind == "Appointment" and not _weighs(house, tx, participant):
        return Around({})
    tx.lock([_fractions_of(participant)])
    treatments = records.of_subject(tx, participant.subject, "Treatment")
    policy = _policy(house)
    seen = _Seen(house, tx, participant, treatments, kind, key, said)
    owner, zone = house.settings.owner("Treatment", "evidence"), house.settings.integrator.zone
    weighed = weigh(seen.slots, seen.reports, seen.fractions, policy, owner, zone)
    if ask:
        _ask(house, tx, participant, seen, weighed)
    return Around(_own(kind, key, weighed), tuple(_turned(house, participant, seen, weighed, kind, key)))


class _Seen:
    """The records of a participant that are weighed, opened: as the store has them; the merged one as it will be."""

    def __init__(
        self, house: House, tx: Tx, participant: Participant, treatments: list[Row], kind: str, key: str, said: Said
    ):
        _, open_ = identity.record_seals(tx, house.keys, participant)
        self.rows: dict[tuple[str, str], Row] = {}
        self.shown: dict[tuple[str, str], Said] = {}
        self.claims: dict[tuple[str, str], Claims] = {}
        for row in (*records.of_subject(tx, participant.subject, "Appointment"), *treatments):
            place = (row.kind, row.key)
            self.rows[place] = row
            self.shown[place] = said_from_json(row.kind, row.body, open_)
            self.claims[place] = claims_from_json(row.kind, row.claims, open_)
        self.slots = {k: one for (of, k), one in self.shown.items() if of == "Appointment"}
        self.reports = {
            k: self._claimed(k, one) for (of, k), one in self.shown.items() if of == "Treatment" and not is_fraction(k)
        }
        self.fractions = [k for of, k in self.shown if of == "Treatment" and is_fraction(k)]
        (self.slots if kind == "Appointment" else self.reports)[key] = said

    def _claimed(self, key: str, said: Said) -> Said:
        """A report without what matching said of it before."""
        claims = self.claims["Treatment", key]
        return {name: value for name, value in said.items() if name not in DERIVED or name in claims}


def _own(kind: str, key: str, weighed: Weighed) -> Said:
    if kind == "Appointment":
        return {"evidence": weighed.evidence[key]}
    return _matched(weighed.matches[key])


def _matched(match: Match) -> Said:
    """What matching says of a report."""
    return {"appointment": Ref("Appointment", match.slot) if match.slot else None, "doubt": match.doubt}


def _turned(house: House, participant: Participant, seen: _Seen, weighed: Weighed, kind: str, key: str) -> list[Turned]:
    """The other records that now show something else, and fractions that there were not before."""
    wanted: dict[tuple[str, str], Said] = {
        ("Appointment", one): {"evidence": rung} for one, rung in weighed.evidence.items()
    }
    wanted |= {("Treatment", one): _matched(match) for one, match in weighed.matches.items()}
    found = []
    for place, facts in wanted.items():
        if place == (kind, key):
            continue
        before = seen.shown[place]
        after = before | facts
        if changed(before, after):
            found.append(Turned(seen.rows[place], seen.claims[place], before, after))
    study = Ref("Study", participant.study)
    for name, facts in weighed.fractions.items():
        shown = seen.shown.get(("Treatment", name))
        facts = {"study": study} | facts
        if shown is None or changed(shown, facts):
            row = seen.rows.get(("Treatment", name))
            row = row or Row("Treatment", name, {}, {}, house.clock.now(), patient=participant.number_index)
            found.append(Turned(row, {}, shown, facts))
    return found


def _ask(house: House, tx: Tx, participant: Participant, seen: _Seen, weighed: Weighed) -> None:
    """One question for all reports that fit no slot, one for those that fit several, and one for each fraction that its
    owner denies; a question that has answered itself is closed."""
    wanted: dict[tuple[str, str], str] = {}
    for doubt, words in UNCLEAR.items():
        reports = [seen.reports[key] for key, found in weighed.matches.items() if found.doubt == doubt]
        if reports:
            wanted[doubt, participant.subject] = f"{participant.subject}: {_reported(reports)}, and {words}."
    for key, facts in weighed.fractions.items():
        if facts["doubt"]:
            wanted["given", key] = f"{participant.subject}: {_reported([facts])}, and {DENIED}."
    subjects = [participant.subject, *weighed.fractions]
    asked = questions.standing(tx, (*UNCLEAR, "given"), subjects)
    for (cause, key), text in wanted.items():
        if asked.get((cause, key)) != text:
            row = seen.rows.get(("Treatment", key))
            questions.ask(tx, cause, key, None, text, house.clock.now(), row.id if row else None)
    for cause, key in asked.keys() - wanted.keys():
        questions.settled(tx, cause, key)


UNCLEAR = {
    "no slot": "no planned fraction of that day is left for it",
    "two slots": "it could be more than one that was planned",
}
DENIED = "another source says that it was not"
NAMED = 3  # days that a question names


def _reported(reports: list[Said]) -> str:
    """What is reported, as people say it: "a fraction is reported as given on Thu 12 Mar"."""
    days = sorted(day for one in reports if (day := _day(one)))
    named = [f"{day:%a} {day.day} {day:%b}" for day in days[:NAMED]]
    more = len(days) - len(named)
    told = ", ".join(named) + (f" and {more} more" if more else "")
    if len(reports) == 1:
        return f"a fraction is reported as given{' on ' + told if told else ''}"
    return f"{len(reports)} fractions are reported as given ({told})"


def _day(said: Said) -> date | None:
    time = said.get("time")
    if time is None:
        return None
    return time.start.date() if time.start else date.fromisoformat(time.day)
