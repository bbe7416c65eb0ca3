"""An entry as bytes and back; what is none is held with its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrator.errors import Held
from integrator.formats.entry import Entry, build, parse

WHOLE = Entry(
    "Observation",
    "DISPO-HTEST-017",
    {"instrument": "pain-vas", "value": 3},
    key="t1",
    study="NCT01409720",
    at=datetime(2026, 3, 13, 9, 40, tzinfo=UTC),
    why="typed wrongly",
    correction=True,
)


@pytest.mark.parametrize("entry", [WHOLE, Entry("Participant", "DISPO-HTEST-017")])
def test_an_entry_is_read_as_it_was_built(entry: Entry):
    assert parse(build(entry)) == entry


def test_what_is_empty_is_left_out():
    assert build(Entry("Participant", "P-1")) == b'{"record":"Participant","subject":"P-1","said":{}}'


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"{", "", "not JSON"),
        (b'{"record":"Observation","subject":"P-1","said":{}', "", "not JSON"),
        (b"[]", None, "no object"),
        (b'{"record":"Observation"}', "subject", "needs record and subject"),
        (b'{"subject":"P-1"}', "record", "needs record and subject"),
        (b'{"record":"Observation","subject":1}', "subject", "no text"),
        (b'{"record":"Observation","subject":"P-1","said":[]}', "said", "no object"),
        (b'{"record":"Observation","subject":"P-1","zaid":{}}', "zaid", "nothing else"),
        (b'{"record":"Observation","subject":"P-1","at":"yesterday"}', "at", "time of entry"),
        (b'{"record":"Observation","subject":"P-1","at":"2026-03-13T09:40"}', "at", "without an offset"),
    ],
)
def test_what_is_no_entry(data: bytes, place: str | None, words: str):
    with pytest.raises(Held) as held:
        parse(data)
    assert words in held.value.reason
    assert held.value.place == place
