"""Records: saved with their versions, linked to the messages that spoke of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from integrator.errors import RetryLater
from integrator.store import Store, messages, records
from integrator.store.records import Change, Row
from tests.store.store_rows import NOW, message, record


def test_a_new_record_is_its_first_version(store: Store) -> None:
    row = Row(
        kind="Appointment",
        key="aria|HD|4711",
        body={"status": "booked", "notes": {"sealed": "AAA="}},
        claims={"status": [{"value": "booked", "system": "aria"}]},
        changed_at=NOW,
        patient=b"index",
        study="NCT01409720",
        subject="DISPO-001",
        starts=datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=1))),
        status="booked",
    )
    with store.write() as tx:
        messages.append(tx, [message()])
        saved = records.save(tx, row, Change(["notes", "status"], 1, NOW, b"sealed why"))
    with store.read() as tx:
        assert records.get(tx, "Appointment", "aria|HD|4711") == saved == replace(row, id=1, version=1)
        assert records.by_id(tx, 1) == saved
        assert records.get(tx, "Patient", "aria|HD|4711") is None
        (version,) = records.versions(tx, 1)
    assert (version.version, version.body, version.changed) == (1, row.body, ["notes", "status"])
    assert (version.message_id, version.why, version.at) == (1, b"sealed why", NOW)


def test_a_change_makes_a_version_and_keeps_the_one_before(store: Store) -> None:
    with store.write() as tx:
        row = record(tx)
        records.save(tx, replace(row, body={"status": "cancelled"}, status="cancelled"), Change(["status"], None, NOW))
        first, second = records.versions(tx, row.number)
        assert records.by_id(tx, row.number).version == 2  # type: ignore[union-attr]
    assert (first.body, second.body) == ({"status": "booked"}, {"status": "cancelled"})


def test_renewed_claims_make_no_version(store: Store) -> None:
    with store.write() as tx:
        row = record(tx)
        same = records.save(tx, replace(row, claims={"status": [{"receipt": 9}]}), None)
        assert same.version == 1
        assert records.get(tx, row.kind, row.key) == same
        assert len(records.versions(tx, row.number)) == 1


def test_a_record_that_only_renews_claims_is_made_too(store: Store) -> None:
    with store.write() as tx:
        saved = records.save(tx, Row("Appointment", "aria||2", {}, {}, NOW), None)
        assert (saved.id, saved.version, records.versions(tx, saved.number)) == (1, 1, [])


def test_a_stale_row_is_not_saved(store: Store) -> None:
    with store.write() as tx:
        row = record(tx)
        changed = records.save(tx, replace(row, body={"status": "cancelled"}), Change(["status"], None, NOW))
    with pytest.raises(RetryLater, match="changed by another"), store.write() as tx:
        records.save(tx, replace(row, body={"status": "noshow"}), Change(["status"], None, NOW))
    with store.read() as tx:
        assert records.get(tx, row.kind, row.key) == changed


def test_a_key_is_of_one_record(store: Store) -> None:
    with store.write() as tx:
        record(tx, "aria||1")
    with pytest.raises(Exception, match=r"(?i)unique"), store.write() as tx:
        record(tx, "aria||1")


def test_an_unsaved_record_has_no_number() -> None:
    with pytest.raises(ValueError, match="is not saved"):
        _ = Row("Appointment", "aria||1", {}, {}, NOW).number


def test_the_later_outcome_of_a_message_stands(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message()])
        one, two = record(tx, "aria||1"), record(tx, "aria||2")
        records.link(tx, 1, one.number, "held")
        records.link(tx, 1, two.number, "merged")
        records.link(tx, 1, one.number, "superseded")
        assert records.links(tx, 1) == [(one.number, "superseded"), (two.number, "merged")]


def test_an_unknown_outcome_is_refused(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message()])
        row = record(tx)
    with pytest.raises(Exception, match="ck_message_records_outcome"), store.write() as tx:
        records.link(tx, 1, row.number, "splendid")


def test_a_link_needs_its_message_and_record(store: Store) -> None:
    with store.write() as tx:
        row = record(tx)
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.write() as tx:
        records.link(tx, 99, row.number, "merged")


def test_finding_by_patient_subject_and_kind(store: Store) -> None:
    with store.write() as tx:
        late = record(tx, "aria||1", patient=b"one", subject="DISPO-001", starts=NOW + timedelta(days=1))
        soon = record(tx, "aria||2", patient=b"one", subject="DISPO-001", starts=NOW)
        other = record(tx, "aria||3", patient=b"two", subject="DISPO-002", starts=NOW)
        anchor = record(tx, "patient||1", kind="Patient", patient=b"one", subject="DISPO-001")
        assert records.of_patient(tx, b"one", "Appointment") == [soon, late]
        assert records.of_patient(tx, b"two") == [other]
        assert records.of_subject(tx, "DISPO-001", "Appointment") == [soon, late]
        assert records.of_subject(tx, "DISPO-001", "Patient") == [anchor]
        assert records.count(tx) == 4
        assert records.count(tx, "Appointment") == 3


def test_going_over_all_of_them(store: Store) -> None:
    with store.write() as tx:
        rows = [record(tx, f"aria||{n}") for n in range(5)]
        assert records.page(tx, "Appointment", limit=2) == rows[:2]
        assert records.page(tx, "Appointment", after=rows[1].number, limit=9) == rows[2:]


def test_a_record_is_named_by_its_key_or_the_source_s_own_number(store: Store) -> None:
    with store.write() as tx:
        for key in ("aria|HD|F-1", "aria|HD|XF-1", "aria|HD|F_1", "kis|HD|F-1", "F-1"):
            record(tx, key)
    with store.read() as tx:
        assert [row.key for row in records.named(tx, "F-1")] == ["aria|HD|F-1", "kis|HD|F-1", "F-1"]
        assert [row.key for row in records.named(tx, "F_1")] == ["aria|HD|F_1"]
        assert [row.key for row in records.named(tx, "aria|HD|F-1")] == ["aria|HD|F-1"]
        assert records.named(tx, "%") == []
