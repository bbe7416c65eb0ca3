"""What only a patient's own key or a message's data key opens, and that nothing of it stands in clear in the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrator import identity
from integrator.clock import Clock
from integrator.records.values import Identifier, PersonName
from integrator.security.keys import Unopenable
from integrator.store import Store, Tx, messages, open_store, owed, people, records
from integrator.store.records import Change, Row
from tests.linked import KEYS, NOW, NUMBER, add, receive
from tests.stores import here


@pytest.fixture
def store(each_store: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(here.url(tmp_path), Clock()) as opened:
        yield opened


def again(tx: Tx, message: messages.Stored) -> messages.Stored:
    found = messages.get(tx, message.id)
    assert found is not None
    return found


# ---- bodies


def test_a_body_opens_with_the_sources_key_then_with_the_patients(store: Store) -> None:
    with store.write() as tx:
        participant, message = add(tx), receive(tx)
        assert identity.open_body(tx, KEYS, message) == "MSH|HTEST-Müller".encode()
        detail = identity.seal_detail(tx, KEYS, message, {"place": "PID-5", "text": "HTEST-Müller"})
        messages.settle(
            tx, message.id, "merged", detail=detail, **identity.rewrap(tx, KEYS, message, participant.patient_id)
        )
        settled = again(tx, message)
        assert settled.body_key_of == f"patient:{participant.patient_id}"
        assert settled.body == message.body
        assert identity.open_body(tx, KEYS, settled) == "MSH|HTEST-Müller".encode()
        assert identity.open_detail(tx, KEYS, settled) == {"place": "PID-5", "text": "HTEST-Müller"}
        assert identity.rewrap(tx, KEYS, settled, participant.patient_id) == {}


def test_dropping_a_patients_key_erases_what_was_sealed_with_it(store: Store) -> None:
    with store.write() as tx:
        participant, message = add(tx), receive(tx)
        patient_id = participant.patient_id
        why = identity.seal_why(tx, KEYS, patient_id, "machine down")
        detail = identity.seal_detail(tx, KEYS, message, {"text": "HTEST-Müller"})
        messages.settle(tx, message.id, "merged", detail=detail, **identity.rewrap(tx, KEYS, message, patient_id))
        identity.keep_patient_record(tx, KEYS, patient_id, {"birth_date": "1958"}, {})
        people.erase_patient(tx, patient_id, NOW)
        settled = again(tx, message)
        with pytest.raises(Unopenable, match="message 1 were erased"):
            identity.open_body(tx, KEYS, settled)
        assert identity.open_detail(tx, KEYS, settled) == {}
        assert identity.open_why(tx, KEYS, patient_id, why) is None
        assert identity.number_text(tx, KEYS, participant) is None
        assert identity.patient_record(tx, KEYS, patient_id) == (None, {})
        assert identity.second_agrees(tx, KEYS, participant, {"birth_date": "1999"}) is None
        with pytest.raises(Unopenable, match="was erased"):
            identity.seal_why(tx, KEYS, patient_id, "more")


def test_an_erased_message_cannot_be_opened(store: Store) -> None:
    with store.write() as tx:
        message = receive(tx)
        messages.settle(tx, message.id, "unwanted", "of nobody in the trial", erase_at=NOW)
        messages.erase_due(tx, NOW)
        with pytest.raises(Unopenable, match="were erased"):
            identity.open_body(tx, KEYS, again(tx, message))
        assert identity.rewrap(tx, KEYS, again(tx, message), add(tx).patient_id) == {}


# ---- fields

SENT = {"value": NUMBER, "namespace": "KIS", "type": "MR"}
APPOINTMENT = {
    "patient": SENT,
    "status": "cancelled",
    "reason": {"text": "HTEST-Müller is ill"},
    "notes": ["calls HTEST-Müller"],
    "time": {"start": "2026-03-02T10:00:00+01:00"},
    "place": None,
    "services": [],
}


def test_fields_are_sealed_and_opened_exactly(store: Store) -> None:
    with store.write() as tx:
        seal, open_ = identity.field_keys(tx, KEYS, add(tx).patient_id)
        stored = seal("Appointment", APPOINTMENT)
        assert "HTEST" not in repr(stored)
        assert set(stored["reason"]) == set(stored["notes"]) == {"sealed"}
        assert set(stored["patient"]) == {"index"}
        assert {name: stored[name] for name in ("status", "time", "place", "services")} == {
            "status": "cancelled",
            "time": {"start": "2026-03-02T10:00:00+01:00"},
            "place": None,
            "services": [],
        }
        assert open_("Appointment", stored) == APPOINTMENT


@pytest.mark.parametrize("nothing", [{"notes": None}, {"notes": []}, {"reason": None}, {"patient": None}, {}])
def test_said_to_be_none_stays_so(store: Store, nothing: dict[str, Any]) -> None:
    with store.write() as tx:
        seal, open_ = identity.field_keys(tx, KEYS, add(tx).patient_id)
        assert seal("Appointment", nothing) == nothing == open_("Appointment", nothing)


def test_an_identifier_comes_back_as_each_source_sent_it(store: Store) -> None:
    with store.write() as tx:
        seal, open_ = identity.field_keys(tx, KEYS, add(tx).patient_id)
        for sent in (SENT, {"value": NUMBER}, {"value": NUMBER.lower(), "system": "https://kis.example"}):
            assert open_("Appointment", seal("Appointment", {"patient": sent})) == {"patient": sent}


def test_fields_of_one_patient_do_not_open_with_the_key_of_another(store: Store) -> None:
    with store.write() as tx:
        seal, _ = identity.field_keys(tx, KEYS, add(tx).patient_id)
        _, open_ = identity.field_keys(tx, KEYS, add(tx, "DISPO-002", "HTEST-4712").patient_id)
        stored = seal("Appointment", APPOINTMENT)
        for name in ("reason", "notes", "patient"):
            with pytest.raises(Unopenable):
                open_("Appointment", {name: stored[name]})


def test_a_sealed_reason_does_not_open_as_a_note(store: Store) -> None:
    with store.write() as tx:
        seal, open_ = identity.field_keys(tx, KEYS, add(tx).patient_id)
        stored = seal("Appointment", APPOINTMENT)
        with pytest.raises(Unopenable):
            open_("Appointment", {"notes": stored["reason"]})


def test_numbers_are_kept_and_found(store: Store) -> None:
    index = identity.number_index(KEYS, NUMBER)
    with store.write() as tx:
        participant = add(tx)
        identity.keep_number(tx, KEYS, participant.patient_id, Identifier(NUMBER, type="MR"), index)
        assert identity.number_of(tx, KEYS, participant.patient_id, index) == Identifier(NUMBER), "the first stays"
        assert identity.number_of(tx, KEYS, participant.patient_id, b"unknown") is None


def test_answers_of_targets_are_sealed(store: Store) -> None:
    with store.write() as tx:
        patient_id = add(tx).patient_id
        held = {"resourceType": "Appointment", "comment": "HTEST-Müller"}
        blob = identity.seal_answer(tx, KEYS, patient_id, held)
        assert blob is not None
        assert b"HTEST" not in blob
        assert identity.open_answer(tx, KEYS, patient_id, blob) == held
        assert identity.seal_answer(tx, KEYS, patient_id, None) is None
        assert identity.open_answer(tx, KEYS, patient_id, None) is None


SECRETS = (NUMBER, "HTEST-Müller", "calls HTEST", "1958-03-12", "machine down", "Änne", "170839")


def test_nothing_of_a_person_stands_in_clear_in_the_files(store: Store, tmp_path: Path) -> None:
    said = {"name": PersonName("HTEST-Müller", ("Änne",)), "birth_date": "1958-03-12"}
    with store.write() as tx:
        participant = add(tx)
        add(tx, "DISPO-002", "HTEST-4712", second="SS|65 170839 J 003")
        patient_id = participant.patient_id
        seal, _ = identity.field_keys(tx, KEYS, patient_id)
        body = seal("Appointment", APPOINTMENT)
        claims = {name: [{"value": value, "system": "aria"}] for name, value in body.items()}
        row = records.save(
            tx,
            Row("Appointment", "aria||1", body, claims, NOW, patient=participant.number_index),
            Change(sorted(body), None, NOW, identity.seal_why(tx, KEYS, patient_id, "machine down")),
        )
        owed.mark(tx, "ehr", row.number, "fhir-r4/appointment", "owed", None, NOW)
        (due,) = owed.lease(tx, 1, "one", NOW, NOW)
        answer = identity.seal_answer(tx, KEYS, patient_id, {"comment": "calls HTEST-Müller"})
        owed.settle(tx, due, "refused", NOW, "the target said no", answer=answer)
        identity.keep_patient_record(tx, KEYS, patient_id, said, {})
        message = receive(tx, "MSH|HTEST-Müller|machine down", control_id="1")
        detail = identity.seal_detail(tx, KEYS, message, {"text": "HTEST-Müller"})
        messages.settle(tx, message.id, "held", "a reason", detail, **identity.rewrap(tx, KEYS, message, patient_id))
        receive(tx, "MSH|HTEST-4711|1958-03-12", control_id="2")
    kept = here.contents(tmp_path)
    assert any(b"DISPO-001" in content for content in kept.values()), "a pseudonym may be read"
    for name, content in kept.items():
        for secret in SECRETS:
            for codec in ("utf-8", "latin-1", "utf-16-le"):
                assert secret.lower().encode(codec) not in content.lower(), (name, secret)
