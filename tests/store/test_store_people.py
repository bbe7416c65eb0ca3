"""Participants, patients and their numbers, as sealed rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrator.store import Store, Tx, people
from tests.store.store_rows import NOW


def participant(tx: Tx, subject: str = "DISPO-001", index: bytes = b"index", **changed: Any) -> people.Participant:
    patient_id = people.new_patient(tx)
    people.add_number(tx, index, patient_id, b"sealed number")
    fields: dict[str, Any] = {
        "study": "NCT01409720",
        "subject": subject,
        "arm": "A",
        "consent_from": NOW,
        "number_index": index,
        "patient_id": patient_id,
        "number": b"sealed",
        "second": None,
        "series": None,
        "added_at": NOW,
    }
    return people.add(tx, {**fields, **changed})


def test_participants_are_found_by_subject_and_number(store: Store) -> None:
    with store.write() as tx:
        two = participant(tx, "DISPO-002", b"two")
        one = participant(tx, "DISPO-001", b"one")
        assert people.by_subject(tx, "DISPO-002") == two
        assert people.by_numbers(tx, [b"one", b"three"]) == [one]
        assert people.by_subject(tx, "DISPO-003") is None
        assert people.everyone(tx) == [one, two]


def test_every_number_of_a_patient_is_theirs_until_it_is_dropped(store: Store) -> None:
    with store.write() as tx:
        one = participant(tx)
        people.add_number(tx, b"another", one.patient_id, b"sealed")
        assert people.patient_of(tx, b"another") == one.patient_id
        people.drop_number(tx, b"another", one.patient_id + 1)
        assert people.patient_of(tx, b"another") == one.patient_id
        people.drop_number(tx, b"another", one.patient_id)
        assert people.patient_of(tx, b"another") is None
        assert people.sealed_number(tx, b"another") is None
        assert people.patient_of(tx, b"index") == one.patient_id


@pytest.mark.parametrize("same", [{"subject": "DISPO-001"}, {"index": b"index"}])
def test_a_subject_and_a_number_are_linked_once(store: Store, same: dict[str, Any]) -> None:
    with store.write() as tx:
        participant(tx)
    with pytest.raises(Exception, match=r"(?i)unique"), store.write() as tx:
        participant(tx, **{"subject": "DISPO-002", "index": b"other", **same})


def test_a_number_stays_with_its_patient(store: Store) -> None:
    with store.write() as tx:
        one, two = people.new_patient(tx), people.new_patient(tx)
        people.add_number(tx, b"index", one, b"first")
        people.add_number(tx, b"index", two, b"second")
        assert people.patient_of(tx, b"index") == one
        assert people.sealed_number(tx, b"index") == b"first"


def test_a_patient_is_saved_and_erased(store: Store) -> None:
    with store.write() as tx:
        number = people.new_patient(tx)
        people.set_key(tx, number, b"wrapped")
        people.save_patient(tx, number, b"body", b"claims", newer=True)
        people.save_patient(tx, number, b"body", b"more claims", newer=False)
        row = people.patient(tx, number)
        assert row == people.PatientRow(number, b"wrapped", b"body", b"more claims", 1, None)
        assert people.wrapped_key(tx, number) == b"wrapped"
        people.erase_patient(tx, number, NOW)
        assert people.patient(tx, number) == people.PatientRow(number, None, None, None, 1, NOW)
        assert people.wrapped_key(tx, number) is None


def test_a_consent_ends(store: Store) -> None:
    with store.write() as tx:
        participant(tx)
        people.withdraw(tx, "DISPO-001", NOW + timedelta(days=3), "intervention")
        row = people.by_subject(tx, "DISPO-001")
    assert row is not None
    assert (row.consent_until, row.scope) == (NOW + timedelta(days=3), "intervention")


def test_a_change_is_counted_once_it_is_committed(store: Store) -> None:
    def fail() -> None:
        with store.write() as tx:
            participant(tx)
            raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        fail()
    assert store.changes(people.CHANGED) == 0
    with store.write() as tx:
        participant(tx)
        assert store.changes(people.CHANGED) == 0
    assert store.changes(people.CHANGED) == 1
    with store.write() as tx:
        people.withdraw(tx, "DISPO-001", NOW, "everything")
    assert store.changes(people.CHANGED) == 2
