"""Times: the order of carriers, the offset of field, MSH-7 and zone, spring and autumn, lengths and their units."""

from __future__ import annotations

from datetime import datetime

import pytest

from integrator.errors import Held
from integrator.mapping import Context
from tests.mapping.face_documents import sch, siu

BERLIN = Context(zone="Europe/Berlin")
PAIR = "TQ1|1||||||20260325140000|20260325143000"


def times(face, message, context=BERLIN):
    period = face.read(message, context).said["time"]
    return period.start.isoformat(), period.end.isoformat()


@pytest.mark.parametrize(
    ("segments", "fields"),
    [
        ([PAIR], {"f11": "^^^20200101100000^20200101110000"}),  # TQ1 before SCH-11
        (["TQ1|1|||||30^min|20260325140000"], {}),
        (["TQ1|1|||||1800^s|20260325140000"], {}),
        ([], {"f11": "^^^20260325140000^20260325143000"}),
        ([], {"f11": "^^30^20260325140000"}),
        ([], {"f11": "^^M30^20260325140000"}),
        (["AIS|1||A|20260325140000|||30|min"], {"f9": "5", "f10": "h"}),  # its own length before SCH-9
        (["AIS|1||A|20260325140000|||10|min", "AIS|2||B|20260325141500|||15|MIN^Minutes^ISO+"], {}),
        (["AIS|1||A|20260325140000"], {"f9": "30", "f10": "min^minutes"}),
        (["AIS|1||A|20260325140000"], {"f9": "0.5", "f10": "hours"}),
        (["AIS|1||A|20260325140000"], {"f9": "30"}),  # no unit: minutes, as nearly every sender means
    ],
)
def test_the_first_pair_that_makes_a_period_counts(face, segments, fields):
    message = siu(*segments, sch=sch(**fields))
    assert times(face, message) == ("2026-03-25T14:00:00+01:00", "2026-03-25T14:30:00+01:00")


def test_the_offset_of_the_field_is_before_that_of_msh_7_and_that_before_the_zone(face):
    own = "TQ1|1||||||20260325140000+0500|20260325143000"
    assert times(face, siu(own, sent="20260320100000-0300"))[0].endswith("+05:00")
    assert times(face, siu(PAIR, sent="20260320100000-0300"))[0].endswith("-03:00")
    assert times(face, siu(PAIR))[0].endswith("+01:00")
    assert times(face, siu(PAIR), Context(offset="-0230"))[0].endswith("-02:30")


def test_without_any_zone_it_is_held_and_never_utc(face):
    with pytest.raises(Held) as held:
        face.read(siu(PAIR), Context())
    assert "neither MSH-7 nor the source's settings say a zone" in held.value.reason
    assert (held.value.place, held.value.text) == ("TQ1-7", "20260325140000")


def test_an_offset_of_msh_7_that_is_not_the_zones_is_noted(face):
    summer = "TQ1|1||||||20260825140000|20260825143000"
    reading = face.read(siu(summer, sent="20260320100000+0100"), BERLIN)
    assert reading.said["time"].start.isoformat() == "2026-08-25T14:00:00+01:00"
    assert reading.notes == ["the offset +0100 of MSH-7 is not that of Europe/Berlin at this time"]


def test_the_hour_that_spring_leaves_out_is_held(face):
    with pytest.raises(Held) as held:
        face.read(siu("TQ1|1||||||20260329023000|20260329033000"), BERLIN)
    assert "spring" in held.value.reason
    assert held.value.text == "20260329023000"


def test_the_hour_that_autumn_repeats_is_its_earlier_reading_and_noted(face):
    reading = face.read(siu("TQ1|1||||||20261025023000|20261025030000"), BERLIN)
    assert reading.said["time"].start.isoformat() == "2026-10-25T02:30:00+02:00"
    assert any("autumn" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("segment", "place", "reason"),
    [
        ("TQ1|1||||||20260230100000|20260230103000", "TQ1-7", "does not exist"),
        ("TQ1|1||||||20260325100000|2026-03-25", "TQ1-8", "not written as HL7 says"),
        ("TQ1|1||||||20260325|20260326", "TQ1-7", "a day without a time of day"),
        ("TQ1|1||||||20260325100000|20260325093000", "TQ1-8, TQ1-7", "the end is before the start"),
        ("TQ1|1|||||zwei^min|20260325100000", "TQ1-6", "not a number"),
        ("TQ1|1|||||2^fortnights|20260325100000", "TQ1-6", "unknown unit"),
        ("AIS|1||A|20260325100000|||2|fortnights", "AIS[1]-8", "unknown unit"),
    ],
)
def test_what_cannot_be_understood_is_held_with_place_and_text(face, segment, place, reason):
    with pytest.raises(Held) as held:
        face.read(siu(segment), BERLIN)
    assert reason in held.value.reason
    assert held.value.place == place
    assert held.value.text


def test_a_start_alone_takes_the_sources_default_minutes_and_says_so(face):
    message = siu("TQ1|1||||||20260325140000")
    with pytest.raises(Held) as held:
        face.read(message, BERLIN)
    assert "default_minutes" in held.value.reason
    reading = face.read(message, Context(zone="Europe/Berlin", default_minutes=20))
    assert reading.said["time"].end == datetime.fromisoformat("2026-03-25T14:20:00+01:00")
    assert any("20 minutes" in note for note in reading.notes)


def test_the_sources_default_unit_counts_where_a_length_has_none(face):
    message = siu("TQ1|1|||||1800|20260325140000")
    reading = face.read(message, Context(zone="Europe/Berlin", default_unit="s"))
    assert reading.said["time"].end == datetime.fromisoformat("2026-03-25T14:30:00+01:00")
    assert any("no unit" in note for note in reading.notes)


def test_a_later_carrier_never_lends_its_end(face):
    message = siu("TQ1|1||||||20260325140000", sch=sch(f11="^^^20260325150000^20260325160000"))
    assert times(face, message) == ("2026-03-25T15:00:00+01:00", "2026-03-25T16:00:00+01:00")


def test_a_carrier_that_says_otherwise_is_shown(face):
    reading = face.read(siu(PAIR, sch=sch(f11="^^^20260326140000^20260326150000")), BERLIN)
    assert [(one.place, one.text) for one in reading.otherwise] == [
        ("SCH-11.4", "20260326140000"),
        ("SCH-11.5", "20260326150000"),
    ]


def test_a_site_may_change_the_order_of_carriers(tmp_path, faces):
    from tests.mapping.test_face_sites import with_site

    mine = with_site(
        tmp_path,
        'extends = "../../hl7v2/siu-appointment.toml"\n[field]\n'
        'time = [{ at = ["SCH-11.4", "SCH-11.5"] }, { at = ["TQ1-7", "TQ1-8"] }]\n',
    )
    message = siu(PAIR, sch=sch(f11="^^^20260326140000^20260326150000"))
    assert times(mine.get("hl7v2/siu-appointment", "mine"), message)[0] == "2026-03-26T14:00:00+01:00"
