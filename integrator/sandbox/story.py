"""The demo's story, as data: what the sandbox hospital sends, act by act, and what must be true in the end.

Pure: nothing is sent here. Tuesday 10 March 2026 is the day; Integrator's clock is set to each act's time.
The truth is the radiotherapy department's own book after its last change, not anything that Integrator computed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from integrator.sandbox import trial_office
from integrator.sandbox.acts import Act, Sent
from integrator.sandbox.book import ZONE, Book, Course, Fraction, Slot, working_days
from integrator.sandbox.messages import adt, dft, siu
from integrator.sandbox.people import OTHERS, PARTICIPANTS, Person

PROCESSING = "T"  # MSH-11: the story's clock is refused in production
RUN_APART = timedelta(minutes=30)  # of the story's time, between two runs on one store
MACHINE_DOWN, UNWELL = "machine down", "patient unwell"


@dataclass(frozen=True)
class Story:
    """The acts in order, and the book at the end."""

    acts: tuple[Act, ...]
    truth: tuple[Fraction, ...]

    def act(self, name: str, run: int = 1) -> Act:
        """One act by its name; `same-bytes` and `same-facts` are the ones to play on a store that knows the story,
        for the `run`-th time."""
        extra = (same_bytes(self, run), same_facts(self, run))
        return next(each for each in (*self.acts, *extra) if each.name == name)

    def states(self) -> Counter[str]:
        """How many messages must stand in each state after all acts; duplicates are not stored and not counted."""
        states = Counter(sent.state for act in self.acts for sent in act.messages)
        del states["duplicate"]
        states["merged"] += 1  # the registry's record, at the first look
        return states

    def given(self) -> list[Fraction]:
        """The fractions that were charged and not credited: the only ones that count as given."""
        return [each for each in self.truth if each.charged]

    def statuses(self) -> Counter[str]:
        """How many appointments must have each status in the end."""
        return Counter(each.status for each in self.truth)


def _at(day: int, clock: str, month: int = 3) -> datetime:
    return datetime.combine(date(2026, month, day), time.fromisoformat(clock), ZONE)


def _courses() -> list[Course]:
    """Ten fractions each; on Tuesday 10 March they are at fraction 7, 5, 2 and 1."""
    plan = [
        (9, date(2026, 3, 2), "07:40", "LINAC 1"),
        (10, date(2026, 3, 2), "08:00", "LINAC 1"),
        (11, date(2026, 3, 2), "08:20", "LINAC 1"),
        (12, date(2026, 3, 4), "09:00", "LINAC 2"),
        (13, date(2026, 3, 2), "15:40", "LINAC 1"),
        (14, date(2026, 3, 4), "08:40", "LINAC 3"),
        (15, date(2026, 3, 4), "14:00", "LINAC 2"),
        (16, date(2026, 3, 9), "15:10", "LINAC 1"),
        (17, date(2026, 3, 2), "10:00", "LINAC 3"),
        (18, date(2026, 3, 4), "10:20", "LINAC 3"),
        (19, date(2026, 3, 9), "09:20", "LINAC 3"),
        (20, date(2026, 3, 10), "10:50", "LINAC 3"),
    ]
    person = {int(each.subject[-3:]): each for each in PARTICIPANTS}
    return [
        Course(person[n], 40_000 + n, first, time.fromisoformat(clock), machine) for n, first, clock, machine in plan
    ]


@dataclass
class Teller:
    """Writes in the book and makes the messages that say so, with running control ids and times."""

    book: Book = field(default_factory=Book)
    numbers: Counter[str] = field(default_factory=Counter)

    def control_id(self, source: str) -> str:
        """The source's next MSH-10."""
        self.numbers[source] += 1
        return f"{source.upper()}{self.numbers[source]:06d}"

    def siu(self, event: str, fraction: Fraction, at: datetime, state: str = "merged", why: str = "") -> Sent:
        """A message of the radiotherapy system."""
        note = "Übungseinheit im Anschluß" if fraction.person.arm == "A" else ""
        data = siu(event, fraction, at, self.control_id("aria"), why=why, note=note, processing=PROCESSING)
        return Sent("aria", data, state)

    def adt(self, event: str, person: Person, at: datetime, state: str) -> Sent:
        """A message of the hospital's own system."""
        return Sent("kis", adt(event, person, at, self.control_id("kis"), PROCESSING), state)

    def dft(self, fraction: Fraction, at: datetime, kind: str = "CG") -> Sent:
        """A charge (CG) or credit (CD) of the hospital's billing."""
        return Sent("fin", dft(fraction, at, self.control_id("fin"), kind, PROCESSING), "merged")

    def fraction(self, subject: int, n: int) -> Fraction:
        """A fraction of the book, by subject code and number."""
        return self.book.fractions[f"{40_000 + subject}-{n:02d}"]


def tell() -> Story:
    """The whole story, always the same."""
    teller = Teller()
    acts = [
        _people(teller, "first-people", date(2026, 3, 2), _at(27, "15:00", month=2)),
        _booking(teller, "first-booking", date(2026, 3, 2), _at(27, "16:30", month=2)),
        _people(teller, "second-people", date(2026, 3, 9), _at(6, "15:00")),
        _booking(teller, "second-booking", date(2026, 3, 9), _at(6, "16:30")),
        _given(teller),
        _charges(teller),
        _machine_down(teller),
        _unwell(teller),
        _no_show(teller),
    ]
    acts += [_twice(acts), _late(teller), _broken(teller), _others(teller)]
    acts += [_wrong_charge(teller), _credit(teller), _units(teller), _scores(), _diary(teller)]
    return Story(tuple(acts), tuple(teller.book.fractions.values()))


def _starting(week: date) -> list[Course]:
    """The courses that begin in the week from this Monday on."""
    return [each for each in _courses() if week <= each.first < week + timedelta(days=7)]


def _people(teller: Teller, name: str, week: date, at: datetime) -> Act:
    people = [course.person for course in _starting(week)]
    sent = [teller.adt("A28", each, at - timedelta(minutes=12 - n), "merged") for n, each in enumerate(people)]
    return Act(name, f"The hospital says who {len(people)} participants are", at, tuple(sent))


def _booking(teller: Teller, name: str, week: date, at: datetime) -> Act:
    """S12 for each fraction of the courses that begin in the week; one stays in the sender's queue (see `_late`)."""
    sent, clock = [], at - timedelta(minutes=20)
    courses = _starting(week)
    for course in courses:
        for fraction in course.planned():
            clock += timedelta(seconds=7)
            if (fraction.person.subject, fraction.n) != ("DISPO-016", 10):
                sent.append(teller.siu("S12", teller.book.enter(fraction), clock))
    return Act(name, f"Ten fractions are booked for each of {len(courses)} participants", at, tuple(sent))


def _given(teller: Teller) -> Act:
    """On Monday evening the department calls all fractions so far done: S14 with SCH-25 Complete."""
    at, sent = _at(9, "18:00"), []
    clock = at - timedelta(minutes=15)
    for fraction in list(teller.book.fractions.values()):
        if fraction.slot.end < at:
            clock += timedelta(seconds=11)
            sent.append(teller.siu("S14", teller.book.complete(fraction.filler), clock))
    return Act("given", "Monday evening: the fractions so far are reported complete", at, tuple(sent))


def _charges(teller: Teller) -> Act:
    """In the night billing charges what was given; only that is evidence of a dose."""
    at, sent = _at(9, "22:30"), []
    for count, fraction in enumerate(list(teller.book.fractions.values())):
        if fraction.status == "fulfilled":
            charged = teller.book.charge(fraction.filler)
            sent.append(teller.dft(charged, at - timedelta(minutes=10) + timedelta(seconds=2 * count)))
    return Act("charges", "Monday night: billing charges the fractions that were given", at, tuple(sent))


def _machine_down(teller: Teller) -> Act:
    """LINAC 3 is down on Tuesday and Wednesday: some go to other machines, two courses shift by two working days."""
    at = _at(10, "08:14")
    moves: list[tuple[int, int, Slot]] = []
    for subject, first, clock in ((17, 7, time(9, 40)), (14, 5, time(8, 40))):
        days = working_days(date(2026, 3, 12))
        for n in range(first, 11):
            moves.append((subject, n, Slot(datetime.combine(next(days), clock, ZONE), "LINAC 3")))
    for day, vogel, groessler, nowak in ((10, 5, 2, 1), (11, 6, 3, 2)):
        moves.append((18, vogel, Slot(_at(day, "13:20"), "LINAC 1")))
        if day == 10:  # moved twice within the minute: only the last may reach the EHR in the end
            moves.append((19, groessler, Slot(_at(day, "13:40"), "LINAC 2")))
        moves.append((19, groessler, Slot(_at(day, "11:20"), "LINAC 2")))
        moves.append((20, nowak, Slot(_at(day, "12:00"), "LINAC 2")))
    sent = []
    for count, (subject, n, slot) in enumerate(moves):
        moved = teller.book.move(teller.fraction(subject, n).filler, slot)
        sent.append(teller.siu("S13", moved, _at(10, "08:12") + timedelta(seconds=5 * count), why=MACHINE_DOWN))
    title = "Tuesday 08:14: LINAC 3 is down, a burst of reschedulings; the EHR is away for some seconds"
    return Act("machine-down", title, at, tuple(sent), ehr_away=4.0)


def _unwell(teller: Teller) -> Act:
    at = _at(10, "08:20")
    cancelled = teller.book.cancel(teller.fraction(13, 7).filler, UNWELL)
    sent = teller.siu("S15", cancelled, at - timedelta(seconds=30), why=UNWELL)
    return Act("cancellation", "A fraction is cancelled: patient unwell", at, (sent,))


def _no_show(teller: Teller) -> Act:
    at = _at(10, "08:22")
    missed = teller.book.no_show(teller.fraction(9, 7).filler)
    return Act("no-show", "Somebody did not come", at, (teller.siu("S26", missed, at - timedelta(seconds=40)),))


def _twice(acts: list[Act]) -> Act:
    once = next(act for act in acts if act.name == "cancellation").messages[0]
    again = Sent(once.source, once.data, "duplicate")
    return Act("duplicate", "The same bytes come a second time", _at(10, "08:24"), (again,))


def _late(teller: Teller) -> Act:
    """The S12 of DISPO-016's last fraction hung in the sender's queue since Monday; its S15 overtook it."""
    at = _at(10, "08:26")
    booked = next(course for course in _courses() if course.person.subject == "DISPO-016").planned()[9]
    early = teller.siu("S12", booked, _at(9, "16:40"), "superseded")
    teller.book.enter(booked)
    cancelled = teller.book.cancel(booked.filler, "course ends with fraction 9")
    late = teller.siu("S15", cancelled, at - timedelta(minutes=1), why=cancelled.reason)
    return Act("late-booking", "A cancellation overtakes its own booking", at, (late, early))


def _broken(teller: Teller) -> Act:
    """MSH-18 says UTF-8, the bytes are ISO 8859-1: nothing may be read, nothing may be lost."""
    at = _at(10, "08:28")
    fraction = teller.fraction(12, 6)
    when, control_id = at - timedelta(seconds=20), teller.control_id("aria")
    note = "Lagerung geändert, bitte früher kommen"
    data = siu("S14", fraction, when, control_id, note=note, processing=PROCESSING, charset="UNICODE UTF-8")
    return Act("broken-characters", "A message with a broken character set", at, (Sent("aria", data, "held", "AE"),))


def _others(teller: Teller) -> Act:
    """ADT and SIU of forty patients who are not in the trial."""
    at, sent = _at(10, "08:30"), []
    for count, person in enumerate(OTHERS):
        clock = at - timedelta(minutes=4) + timedelta(seconds=5 * count)
        sent.append(teller.adt(("A01", "A04", "A08", "A28", "A31")[count % 5], person, clock, "unwanted"))
        start = _at(11, "07:00") + timedelta(minutes=15 * count)
        slot = Slot(start, f"LINAC {1 + count % 3}")
        fraction = Fraction(person, f"{50_000 + count}-01", f"C-{50_000 + count}", 1, 1, slot)
        sent.append(teller.siu("S12", fraction, clock, "unwanted"))
    return Act("others", "The rest of the hospital: forty patients who are not in the trial", at, tuple(sent))


def _wrong_charge(teller: Teller) -> Act:
    """Billing charges the fraction that nobody came to: two sources contradict each other, which is a question."""
    at = _at(10, "08:34")
    charged = teller.book.charge(teller.fraction(9, 7).filler)
    title = "Somebody who did not come is charged all the same"
    return Act("wrong-charge", title, at, (teller.dft(charged, at - timedelta(minutes=1)),))


def _credit(teller: Teller) -> Act:
    at = _at(10, "08:40")
    credited = teller.book.charge(teller.fraction(9, 7).filler, taken_back=True)
    return Act("credit", "A credit takes that back", at, (teller.dft(credited, at - timedelta(minutes=1), "CD"),))


def _given_so_far(teller: Teller) -> list[Fraction]:
    return [each for each in teller.book.fractions.values() if each.charged]


def _units(teller: Teller) -> Act:
    posts = tuple(trial_office.units(_given_so_far(teller)))
    return Act("units", "The physiotherapists' app posts exercise units and pain scores", _at(10, "08:50"), posts=posts)


def _scores() -> Act:
    sheet = trial_office.scores("2026-03-10 08:55")
    return Act("scores", "A table of pain scores before radiotherapy is imported", _at(10, "09:00"), sheet=sheet)


def _diary(teller: Teller) -> Act:
    sheet = trial_office.diary(_given_so_far(teller), "2026-03-10 09:05")
    return Act("diary", "So is a table of the control arm's units", _at(10, "09:10"), sheet=sheet)


def same_bytes(story: Story, run: int = 1) -> Act:
    """Every message once more, byte for byte: nothing may happen anywhere."""
    sent = [Sent(each.source, each.data, "duplicate", each.answer) for act in story.acts for each in act.messages]
    at = _at(10, "09:20") + (run - 1) * RUN_APART
    posts = [replace(each, answer="200") for act in story.acts for each in act.posts]
    return Act("same-bytes", "Every message and entry comes again, byte for byte", at, tuple(sent), posts=tuple(posts))


def same_facts(story: Story, run: int = 1) -> Act:
    """One message for each appointment, new control id and MSH-7, that says what is already so.

    Each run has control ids of its own and is later than the one before.
    """
    teller, at = Teller(numbers=Counter(aria=700_000 + 1000 * (run - 1))), _at(10, "09:40") + (run - 1) * RUN_APART
    sent, clock = [], at - timedelta(minutes=15)
    for fraction in story.truth:
        clock += timedelta(seconds=6)
        event = {"fulfilled": "S14", "cancelled": "S15", "noshow": "S26"}.get(fraction.status)
        event = event or ("S13" if fraction.moved else "S12")
        why = fraction.reason or (MACHINE_DOWN if event == "S13" else "")
        sent.append(teller.siu(event, fraction, clock, "unchanged", why))
    return Act("same-facts", "One message for each appointment says what is already so", at, tuple(sent))
