"""The course picture, from facts alone: what stands where, and what each of its links is called."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from integrator.web.participant.facts import Course, Score, Unit, Value, Visit, weeks
from integrator.web.participant.picture import NARROW, WIDE, Look, picture
from tests.web.participant.story import BERLIN

TODAY = date(2026, 3, 10)


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


def fraction(number: int, day: int, evidence: str = "scheduled", **more: object) -> Visit:
    start = at(day)
    facts: dict[str, object] = {
        "what": f"Fraction {number}", "number": number, "total": 10, "end": start + timedelta(minutes=20),
        "place": "LINAC 3", "evidence": evidence, "first": start,
    }  # fmt: skip
    return Visit(number, start, **(facts | more))  # type: ignore[arg-type]


def course(*visits: Visit, **more: object) -> Course:
    return Course(TODAY, visits, **more)  # type: ignore[arg-type]


def links(svg: str) -> list[tuple[str, str]]:
    """Where each link leads, and its name."""
    return re.findall(r'<a href="([^"]+)"[^>]*aria-label="([^"]+)"', svg)


def drawn(svg: str, leads: str) -> str:
    """What is drawn of one link."""
    found = re.search(rf'<a href="{leads}".*?</a>', svg)
    assert found
    return found[0]


def rungs(svg: str, leads: str) -> list[str]:
    """The rungs of a fraction from below, by class."""
    found = re.findall(r'<rect class="(r-\w+)" x="[\d.]+" y="([\d.]+)"', drawn(svg, leads))
    return [kind for kind, _ in sorted(found, key=lambda one: -float(one[1]))]


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_it_is_xml_with_classes_and_without_a_style(look: Look) -> None:
    svg = str(picture(course(fraction(1, 2, "attested"), fraction(2, 12)), look, 2))
    ElementTree.fromstring(svg)
    assert not re.search(r"\b(style|fill|stroke|onclick|font-size)=", svg)
    assert 'class="tl ' in svg


@pytest.mark.parametrize(
    ("evidence", "kinds"),
    [
        ("scheduled", ["r-plan"]),
        ("arrived", ["r-low", "r-low", "r-off", "r-off", "r-off"]),
        ("presumed", ["r-low", "r-low", "r-low", "r-off", "r-off"]),
        ("evidenced", ["r-ok", "r-ok", "r-ok", "r-ok", "r-off"]),
        ("attested", ["r-ok"] * 5),
    ],
)
def test_a_fraction_is_as_high_as_its_rung_and_green_only_where_it_counts(evidence: str, kinds: list[str]) -> None:
    svg = str(picture(course(fraction(1, 2, evidence)), WIDE))
    assert rungs(svg, "#a1") == kinds
    assert ('class="chk"' in drawn(svg, "#a1")) == (evidence == "attested")


def test_a_question_is_the_dashed_rung_above_what_is_known() -> None:
    svg = str(picture(course(fraction(5, 6, "presumed", asked=True)), WIDE))
    assert rungs(svg, "#a5") == ["r-low", "r-low", "r-low", "r-ask", "r-off"]
    assert ">?</text>" in drawn(svg, "#a5")


def test_the_line_that_counts_is_between_presumed_and_evidenced() -> None:
    svg = str(picture(course(fraction(1, 2, "attested")), WIDE))
    line = float(re.search(r'class="counts" d="M[\d.]+ ([\d.]+)', svg)[1])  # type: ignore[index]
    tops = sorted((float(y) for y in re.findall(r'"r-ok" x="[\d.]+" y="([\d.]+)"', svg)), reverse=True)
    assert tops[3] < line < tops[2], "attested and evidenced are above it"


def test_every_fraction_is_a_link_with_a_whole_sentence_as_its_name() -> None:
    moved = fraction(7, 12, first=at(10), given=("given Thu 12 Mar, 2 Gy (DFT of ARIA, 22:10)",))
    svg = str(picture(course(fraction(6, 9, "arrived"), moved), WIDE, 7))
    assert links(svg) == [
        ("#a6", "Fraction 6, Mon 9 Mar 10:00, LINAC 3, arrived"),
        (
            "#a7",
            "Fraction 7, Thu 12 Mar 10:00, LINAC 3, scheduled, first planned Tue 10 Mar 10:00, "
            "given Thu 12 Mar, 2 Gy (DFT of ARIA, 22:10)",
        ),
    ]


def test_one_link_is_reached_by_tab_and_it_is_the_chosen_one() -> None:
    svg = str(picture(course(fraction(6, 9), fraction(7, 12)), WIDE, 7))
    assert re.findall(r'<a href="(#\w+)" tabindex="0" aria-current="true"', svg) == ["#a7"]
    assert svg.count('tabindex="-1"') == 1


def test_a_moved_fraction_has_a_slanted_violet_line_from_its_first_plan_and_an_unmoved_one_a_straight_grey() -> None:
    svg = str(picture(course(fraction(6, 9), fraction(7, 12, first=at(10))), WIDE))
    slopes = re.findall(r'class="(slope[ mv]*)" d="M([\d.]+) [\d.]+L([\d.]+) ', svg)
    assert [(kind, float(from_) < float(to)) for kind, from_, to in slopes] == [("slope", False), ("slope mv", True)]
    assert "t-move" in drawn(svg, "#a7")
    assert "t-move" not in drawn(svg, "#a6")


def test_a_cancelled_fraction_is_crossed_and_goes_nowhere() -> None:
    svg = str(picture(course(fraction(6, 9), fraction(8, 11, "", gone="cancelled")), WIDE))
    assert rungs(svg, "#a8") == ["r-off"]
    assert 'class="x"' in drawn(svg, "#a8")
    assert ">cancelled</text>" in drawn(svg, "#a8")
    assert svg.count('class="slope"') == 1


def test_two_fractions_on_a_day_stand_beside_each_other() -> None:
    late = replace(fraction(2, 9), start=at(9, 16), first=at(9, 16))
    svg = str(picture(course(fraction(1, 9), late, fraction(3, 10)), WIDE))
    hits = [float(x) for x in re.findall(r'class="hit" x="([\d.]+)"', svg)]
    assert hits == sorted(hits)
    assert hits[1] - hits[0] > 40


def test_weekends_are_narrow_and_sunk_until_somebody_comes_then() -> None:
    empty = str(picture(course(fraction(1, 2), fraction(2, 9)), WIDE))
    widths = {float(width) for width in re.findall(r'class="we" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', empty)}
    assert widths == {11.0}
    saturday = str(picture(course(fraction(1, 2), fraction(2, 7), fraction(3, 9)), WIDE))
    assert ">Sat</text>" in saturday
    assert ">Sat</text>" not in empty
    assert "Sat" not in str(picture(course(fraction(1, 2)), NARROW))


def test_today_is_a_band_only_where_it_is_in_the_picture() -> None:
    assert str(picture(course(fraction(1, 9)), WIDE)).count("todayband") == 1
    assert "todayband" not in str(picture(replace(course(fraction(1, 9)), today=date(2026, 6, 1)), WIDE))


def test_a_phone_has_one_row_a_week_and_a_desk_up_to_five() -> None:
    days = [2, 9, 16, 23, 30]
    every = course(*(fraction(number, day) for number, day in enumerate(days, 1)))
    assert str(picture(every, NARROW)).count('class="counts"') == 5
    assert str(picture(every, WIDE)).count('class="counts"') == 1
    later = Visit(9, datetime(2026, 4, 7, 10, tzinfo=BERLIN), what="Fraction 6", number=6, evidence="scheduled")
    assert str(picture(replace(every, visits=(*every.visits, later)), WIDE)).count('class="counts"') == 2


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_nothing_is_drawn_outside_the_picture(look: Look) -> None:
    visits = [fraction(number, 2 + (number - 1) // 3) for number in range(1, 13)]
    svg = str(picture(course(*visits), look))
    width = float(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    for x, wide in re.findall(r'<rect class="\S+" x="(-?[\d.]+)" y="[\d.]+" width="(-?[\d.]+)"', svg):
        assert float(x) >= 0
        assert float(wide) > 0
        assert float(x) + float(wide) <= width


def test_sessions_and_scores_have_rows_of_their_own_and_are_links_too() -> None:
    units = (
        Unit(21, "S-01", date(2026, 3, 9), "Mon 9 Mar 10:40", "completed", before=Value("4"), after=Value("3")),
        Unit(22, "S-02", date(2026, 3, 10), "Tue 10 Mar 10:40", "stopped"),
        Unit(23, "S-03", date(2026, 3, 11), "Wed 11 Mar 10:40", "not-done"),
        Unit(24, "S-04", date(2026, 3, 11), "Wed 11 Mar 10:40", "entered-in-error"),
    )
    scores = (
        Score(31, "pain VAS", date(2026, 3, 9), "Mon 9 Mar", Value("4"), "t0"),
        Score(32, "Karnofsky", date(2026, 3, 9), "Mon 9 Mar", Value("80 %"), "t0"),
        Score(33, "pain VAS", date(2026, 3, 9), "Mon 9 Mar", Value("9"), status="entered-in-error"),
    )
    svg = str(picture(course(fraction(1, 9), units=units, scores=scores), WIDE))
    assert links(svg)[1:] == [
        ("#s21", "Session S-01, Mon 9 Mar 10:40, done, pain 4 before and 3 after"),
        ("#s22", "Session S-02, Tue 10 Mar 10:40, partly done"),
        ("#s23", "Session S-03, Wed 11 Mar 10:40, not done"),
        ("#o31", "Assessed t0, Mon 9 Mar: pain VAS 4, Karnofsky 80 %"),
    ]
    assert 'class="half"' in drawn(svg, "#s22")
    assert 'class="x"' in drawn(svg, "#s23")


def test_the_week_beside_the_course_is_shown_only_where_something_is_in_it() -> None:
    assert weeks(course(fraction(1, 16))) == [date(2026, 3, 9), date(2026, 3, 16)], "today is in the week before"
    early = Score(31, "pain VAS", date(2026, 2, 26), "Thu 26 Feb", Value("4"), "t0")
    assert weeks(course(fraction(1, 2), scores=(early,)))[0] == date(2026, 2, 23)
    assert weeks(course(fraction(1, 2), scores=(replace(early, day=date(2026, 1, 5)),)))[0] == date(2026, 3, 2)


def test_names_are_escaped() -> None:
    svg = str(picture(course(fraction(1, 9, place='<LINAC "3">')), WIDE))
    ElementTree.fromstring(svg)
    assert "<LINAC" not in svg


def test_without_a_fraction_there_is_no_picture() -> None:
    assert picture(course(), WIDE) == ""
    assert picture(course(Visit(1, at(9), what="Planning", fraction=False)), WIDE) == ""
