"""The course as a picture: a column for each fraction, its height the rung of evidence; server-drawn SVG, classes only.

Pure: facts in, markup out. One function draws both: up to five weeks in a row, and a week a row for a phone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from markupsafe import Markup, escape

from integrator.records.appointment import EVIDENCE
from integrator.web.participant.facts import Course, Visit, rows_of, weeks
from integrator.web.participant.marks import Days, assessed_days, assessed_marks, assessments, unit_marks
from integrator.web.participant.names import visit_named
from integrator.web.participant.svg import line, link, rect, text
from integrator.web.today.days import DAYS, MONTHS


@dataclass(frozen=True)
class Look:
    """How large things are, in units of the picture; a text of 11 units is never shown smaller than 11 px."""

    name: str  # class of the picture
    weeks: int  # in a row
    width: int
    label: int  # width of the names of rows
    weekend: int  # width of a day of the weekend on which nobody comes; 0: it is left out
    head: int  # height of the days' names
    step: int  # from rung to rung
    block: int  # greatest width of a rung
    plan: int  # height of the row of the first plan; 0: there is none
    row: int = 34  # height of the rows of units and assessments


WIDE = Look("tl tl-wide wide-min", 5, 1100, 96, 11, 54, 23, 34, 42)
NARROW = Look("tl tl-narrow", 1, 310, 66, 0, 24, 14, 26, 0)


@dataclass(frozen=True)
class Column:
    """A fraction on its day; there may be several on one."""

    visit: Visit
    x: float
    width: float
    room: float  # that it has on its day


def picture(course: Course, look: Look, chosen: int | None = None) -> Markup:
    """The course drawn; `chosen` is the number of the appointment that is looked at. Empty without fractions."""
    rows = rows_of(weeks(course), look.weeks)
    if not rows:
        return Markup("")
    drawn, y = [], 0.0
    for row in rows:
        part, height = _row(course, row, look, y, chosen)
        drawn += part
        y += height
    first, last = rows[0][0], rows[-1][-1] + timedelta(days=6)
    told = f"Course day by day: {len(course.standing)} fractions by evidence, {_long(first)} to {_long(last)}"
    ident = f"course-{look.weeks}"
    head = (
        f'<svg class="{look.name}" viewBox="0 0 {look.width} {y:g}" role="group" aria-labelledby="{ident}">'
        f'<title id="{ident}">{escape(told)}</title>'
    )
    return Markup(head + "".join(drawn) + "</svg>")


def _row(course: Course, mondays: list[date], look: Look, y: float, chosen: int | None) -> tuple[list[str], float]:
    """A row of weeks from y on, and how high it is."""
    days = _days(course, mondays, look)
    columns = _columns(course, days, look)
    units = [unit for unit in course.units if unit.counts and unit.day in days.left]
    assessed = assessments(course, days)
    top = y + look.head
    floor = top + 5 * look.step
    bottom = floor + 38 + look.plan
    wide = look.plan > 0
    ends = bottom + (look.row if units or wide else 0) + (look.row if assessed or wide else 0) + 6
    out = [*_ground(course, days, look, y, ends), *_ladder(look, days, top, floor)]
    out += [*_first_plan(columns, days, course, floor + 38, look)] if look.plan else []
    for column in columns:
        out.append(_column(column, floor, look, chosen))
    for name, marks in (("Exercise", unit_marks(units, days)), ("Assessed", assessed_marks(assessed, days))):
        if not marks and not wide:
            continue
        out.append(line("grid", 0, bottom, days.end(), bottom))
        out.append(text(look.label - 8, bottom + look.row / 2 + 4, name, "right strong" if wide else "right tiny"))
        out += [mark(bottom + look.row / 2) for mark in marks]
        bottom += look.row
    return out, ends - y


def _days(course: Course, mondays: list[date], look: Look) -> Days:
    """The days of these weeks; one with several fractions or units is wider, an empty weekend narrow."""
    every = [monday + timedelta(days=n) for monday in mondays for n in range(7)]
    many: Counter[date] = Counter(visit.start.date() for visit in course.fractions if visit.start)
    sessions: Counter[date] = Counter(unit.day for unit in course.units if unit.day and unit.counts)
    used = many.keys() | sessions.keys() | set(assessed_days(course))
    narrow = [day for day in every if day.weekday() > 4 and day not in used]
    share = {day: max(1, many[day], sessions[day]) for day in every if day not in narrow}
    unit = (look.width - look.label - 4 - look.weekend * len(narrow)) / sum(share.values())
    left, width, x = {}, {}, float(look.label)
    for day in every:
        if day in share or look.weekend:
            left[day], width[day] = x, unit * share[day] if day in share else look.weekend
            x += width[day]
    return Days(left, width)


def _columns(course: Course, days: Days, look: Look) -> list[Column]:
    shown = sorted((v for v in course.fractions if v.start and v.start.date() in days.left), key=lambda v: str(v.start))
    columns = []
    for day, group in groupby(shown, key=lambda visit: _day(visit.start)):
        visits = list(group)
        each = days.width[day] / len(visits)
        for place, visit in enumerate(visits):
            columns.append(Column(visit, days.middle(day, place, len(visits)), min(look.block, each - 6), each))
    return columns


def _day(at: datetime | None) -> date:
    return at.date() if at else date.min


def _ground(course: Course, days: Days, look: Look, y: float, ends: float) -> list[str]:
    """Weekends, today, and the names of weeks and days."""
    out = []
    top = y + (20 if look.plan else 4)
    for day, x in days.left.items():
        if day.weekday() > 4:
            out.append(rect("we", x, top, days.width[day], ends - top))
    if course.today in days.left:
        x = days.left[course.today]
        out.append(rect("todayband", x, top, days.width[course.today], ends - top))
        out.append(line("todayline", x, top, x, ends))
    for day, x in days.left.items():
        now = day == course.today
        if look.plan and day.weekday() == 0:
            out.append(line("grid", x, y + 4, x, ends))
            out.append(text(x + 5, y + 15, f"Week {day.isocalendar().week}, from {_short(day)}", "tiny"))
        if day.weekday() > 4 and days.width[day] < 24:
            continue
        middle, name = days.middle(day), "today" if now else DAYS[day.weekday()][:3]
        if look.plan:
            out.append(text(middle, y + 32, name, "mid tiny t-act" if now else "mid tiny"))
            out.append(text(middle, y + 48, str(day.day), "mid big t-act" if now else "mid big strong"))
        else:
            named = f"{name[:2] if days.width[day] < 44 else name} {day.day}"
            told = "today" if now else _short(day) if day.weekday() == 0 else named
            small = " tiny" if days.width[day] < 50 else ""
            out.append(text(middle, y + 17, told, f"mid{small} t-act" if now else f"mid{small} strong"))
    return out


def _ladder(look: Look, days: Days, top: float, floor: float) -> list[str]:
    """The names of the rungs, and the line above which a fraction counts."""
    out, end = [], days.end()
    small = "" if look.plan else " tiny"
    for rung, word in enumerate(EVIDENCE, 1):
        y = floor - look.step * (rung - 0.5)
        looks = f"right{small} t-ok strong" if rung > 3 else f"right{small}"
        out.append(text(look.label - 8, y + 4, word, looks))
        if look.plan and rung > 1:
            out.append(line("grid", look.label, y + look.step / 2, end, y + look.step / 2))
    counts = floor - look.step * 3
    out.append(line("counts", 0 if look.plan else look.label, counts, end, counts))
    out.append(line("base", look.label, floor, end, floor))
    if look.plan:
        out.append(text(look.label - 8, floor + 17, "fraction", "right"))
        out.append(text(look.label - 8, floor + 32, "time now", "right"))
    return out


def _first_plan(columns: list[Column], days: Days, course: Course, y: float, look: Look) -> list[str]:
    """Each fraction's line to its place in the first plan: straight when unmoved, slanted and violet when moved."""
    out = [text(look.label - 8, y + look.plan - 8, "first plan", "right")]
    tick, head = y + look.plan - 12, y + 2
    planned: Counter[date] = Counter()
    of = Counter(_day(column.visit.first) for column in columns if column.visit.first)
    for column in columns:
        visit = column.visit
        if visit.first is None or visit.first.date() not in days.left:
            continue
        day = visit.first.date()
        x = days.middle(day, planned[day], of[day]) if visit.moved else column.x
        planned[day] += 1
        moved = " mv" if visit.moved else ""
        if not visit.gone:
            out.append(f'<path class="slope{moved}" d="M{x:.1f} {tick - 5:g}L{column.x:.1f} {head:g}"/>')
            if moved:
                out.append(f'<circle class="head" cx="{column.x:.1f}" cy="{head:g}" r="2.6"/>')
        out.append(f'<circle class="tick{moved}" cx="{x:.1f}" cy="{tick:g}" r="4"/>')
    return out


def _column(column: Column, floor: float, look: Look, chosen: int | None) -> str:
    """A fraction: its rungs, its number, its time now; a link to its row of the table."""
    visit, x, width = column.visit, column.x, column.width
    height, left = look.step - 4, column.x - column.width / 2
    out = [rect("hit", left - 6, floor - 5 * look.step - 2, width + 12, 5 * look.step + 38, 4)]
    for rung, kind in enumerate(_kinds(visit), 1):
        if kind:
            y = floor - look.step * rung + 2
            out.append(rect(kind, left, y, width, height, 2.5))
            if kind == "r-ask":
                out.append(text(x, y + height / 2 + 4, "?", "t-wait mid"))
    if visit.rung == 5:
        y = floor - 4.5 * look.step
        size = min(height, 14) / 14
        out.append(f'<path class="chk" d="M{x - 6 * size:.1f} {y:.1f}l{4 * size:.1f} {4 * size:.1f}'
                   f'l{8 * size:.1f} {-8 * size:.1f}"/>')  # fmt: skip
    if visit.gone and not visit.rung:
        y = floor - look.step / 2
        out.append(f'<path class="x" d="M{x - 5:.1f} {y - 4:g}l10 8M{x - 5:.1f} {y + 4:g}l10 -8"/>')
    out.append(text(x, floor + 17, visit.short, "mid strong big"))
    time = f"{visit.start:%H:%M}" if visit.start else ""
    if visit.moved and not look.plan and column.room > 46:
        time = f"→ {time}"
    out.append(text(x, floor + 32, visit.gone if visit.gone and column.room > 54 else time,
                     "mid tiny t-move" if visit.moved and not visit.gone else "mid tiny"))  # fmt: skip
    return link(f"#a{visit.id}", visit_named(visit), out, visit.id == chosen)


def _kinds(visit: Visit) -> list[str]:
    """The class of each rung from below; empty: it is not drawn."""
    if visit.gone and not visit.rung:
        return ["r-off", "", "", "", ""]
    filled = "r-ok" if visit.counts else "r-low" if visit.rung > 1 else "r-plan"
    above = "r-off" if visit.rung > 1 else ""
    kinds = [filled if rung <= max(1, visit.rung) else above for rung in range(1, 6)]
    if visit.asked and visit.rung < 5:
        kinds[max(1, visit.rung)] = "r-ask"
    return kinds


def _short(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def _long(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
