"""Whatever is sent in, an entry is answered in words or taken: it never breaks the one who checks it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrator.documents import row_said
from integrator.mapping import load_faces
from integrator.records import wire
from integrator.records.schemas import SCHEMAS, About, check
from tests.records.schemas.test_entries import ABOUT

NAMES = sorted({field.data_key or name for schema in SCHEMAS.values() for name, field in schema().load_fields.items()})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ("3,5", "03/04/2026", "2026-03-13", "2026-03-13 09:40", "pain-vas", "yes", "completed", "t1", "\x00")
    )
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*NAMES, "date", "start", "x")), inner),
    max_leaves=8,
)
ENTRIES = st.dictionaries(st.sampled_from((*NAMES, "nonsense")), JSON, max_size=8) | JSON
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
FACES = [load_faces().get(name) for name in ("csv/observations", "csv/sessions")]


@given(
    kind=st.sampled_from(sorted(SCHEMAS)), entry=ENTRIES, about=st.sampled_from((ABOUT, About())), whole=st.booleans()
)
@QUICK
def test_an_entry(kind: str, entry: Any, about: About, whole: bool):
    said, problems = check(kind, entry, about, whole)
    assert not (said and problems)
    assert all(one.text for one in problems)
    assert wire.from_json(kind, wire.to_json(kind, said)) == said


@given(
    face=st.sampled_from(FACES),
    cells=st.dictionaries(
        st.sampled_from(NAMES), st.text(min_size=1, max_size=20) | st.sampled_from(("3", "t1", "2026-03-13"))
    ),
)
@QUICK
def test_a_row(face: Any, cells: dict[str, str]):
    said, problems = row_said(face, cells, ABOUT, whole=True)
    assert said or problems
    assert not (said and problems)
