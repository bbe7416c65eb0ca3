"""Whatever stands in a field, the answer is one in words: no fault, and none of the words of a library."""

from __future__ import annotations

from typing import Any

import pytest

from integrator.web.api.bodies import Link, new_entry
from tests.houses import OTHER
from tests.web.api.conftest import SCORE, SESSION, SUBJECT, Program

ODD: list[Any] = [
    None, "", 0, -1, 1e308, 10**18, True, [], {}, [[]], [None], {"a": 1}, "\x00", "x" * 3000, "ä€😀", "NaN", "{x}",
    "%s", "|", "http://x|y", "S//1", "../..", "0001-01-01", "9999-12-31", "9999-12-31 23:59", "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-12:00", "2026-03-29 02:30", "2025-10-26 02:30", {"start": "0001-01-01 00:00"}, {"start": 1},
    {"code": "x", "text": ""}, {"code": 1}, [{"name": "x", "sets": 1e308}], {"date": "9999-12-31"}, {"date": None},
]  # fmt: skip
BODIES = {
    "sessions": (new_entry("ExerciseSession"), SESSION),
    "observations": (new_entry("Observation"), SCORE),
    "treatments": (new_entry("Treatment"), {"subject": SUBJECT, "status": "completed", "day": "2026-03-09"}),
    "participants": (
        Link,
        {"subject": "DISPO-HTEST-002", "number": OTHER, "second": "1960-01-01", "consent": {"date": "2026-03-01"}},
    ),
}
LIBRARY = ("Field may not", "Not a valid", "Missing data", "Invalid", "Unknown")


@pytest.mark.parametrize("noun", BODIES)
def test_every_field_with_every_odd_value(program: Program, noun: str):
    schema, good = BODIES[noun]
    for name in (field.data_key or key for key, field in schema().fields.items()):
        for odd in ODD:
            answer = program.client.post(f"/api/v1/{noun}", json=good | {name: odd})
            told = answer.get_json()
            assert answer.status_code in (200, 201, 409, 422, 428), (name, odd, told)
            if answer.status_code < 300:
                assert program.get(told["href"])["key"] == told["key"], (name, odd)
            else:
                assert told["problems"], (name, odd)
                assert not any(one["text"].startswith(LIBRARY) for one in told["problems"]), (name, odd, told)
