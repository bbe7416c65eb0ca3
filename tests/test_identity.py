"""Who is who: linking, consent, the second identifier, the Patient record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrator import identity
from integrator.clock import Clock
from integrator.errors import ConfigError, Rejected
from integrator.merge import Claim, Origin
from integrator.records.values import Identifier, PersonName
from integrator.security.keys import Keyring
from integrator.store import Store, journal, messages, open_store, people
from tests.linked import KEYS, NOW, NUMBER, add, receive
from tests.stores import here


@pytest.fixture
def store(each_store: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(here.url(tmp_path), Clock()) as opened:
        yield opened


# ---- linking


@pytest.mark.parametrize("sent", [NUMBER, f" {NUMBER} ", NUMBER.lower()])
def test_a_number_is_found_however_it_is_written(store: Store, sent: str) -> None:
    linked = identity.Linked(store)
    with store.write() as tx:
        assert linked.get(tx, identity.number_index(KEYS, sent)) is None
        add(tx)
    with store.write() as tx:
        found = linked.get(tx, identity.number_index(KEYS, sent))
        assert found is not None
        assert found.subject == "DISPO-001"
        assert identity.number_text(tx, KEYS, found) == NUMBER
        assert linked.get(tx, identity.number_index(KEYS, "HTEST-4712")) is None


def test_linking_is_seen_at_once_and_forgotten_if_it_is_rolled_back(store: Store) -> None:
    linked = identity.Linked(store)
    index = identity.number_index(KEYS, NUMBER)

    def fail() -> None:
        with store.write() as tx:
            add(tx)
            assert linked.get(tx, index) is not None
            raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        fail()
    with store.write() as tx:
        assert linked.get(tx, index) is None


def test_an_old_snapshot_does_not_hide_a_later_link(store: Store) -> None:
    linked = identity.Linked(store)
    index = identity.number_index(KEYS, NUMBER)
    with store.read() as old:
        assert people.everyone(old) == []
        with store.write() as tx:
            add(tx)
        assert linked.get(old, index) is not None
    with store.write() as tx:
        assert linked.get(tx, index) is not None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"subject": " "}, "the subject code is missing"),
        ({"subject": "DISPO-002", "number": ""}, "the hospital number is missing"),
        ({"number": "HTEST-4712"}, "DISPO-001 is linked to a patient already; choose another subject code"),
        ({"subject": "DISPO-002"}, "this hospital number is linked to DISPO-001 already"),
        ({"subject": "DISPO-002", "number": " htest-4711"}, "this hospital number is linked to DISPO-001 already"),
        ({"subject": "DISPO-002", "number": "HTEST-4712", "second": "12.3.1958"}, "birth date, YYYY-MM-DD"),
        ({"subject": "DISPO-002", "number": "HTEST-4712", "second": "1958-02-30"}, "not a day of the calendar"),
        ({"subject": "DISPO-002", "number": "HTEST-4712", "second": "SS|"}, "TYPE|value"),
    ],
)
def test_a_link_that_cannot_be_is_refused_in_words(store: Store, asked: dict[str, str], said: str) -> None:
    with store.write() as tx:
        add(tx)
        with pytest.raises(Rejected) as told:
            add(tx, **asked)
        assert said in str(told.value)
        assert NUMBER not in str(told.value)
        assert [participant.subject for participant in people.everyone(tx)] == ["DISPO-001"]


def test_linking_reads_the_unwanted_messages_of_the_patient_again(store: Store) -> None:
    index = identity.number_index(KEYS, NUMBER)
    with store.write() as tx:
        for text, patient in (("one", index), ("two", index), ("three", b"another")):
            message = receive(tx, text, patient_index=patient)
            messages.settle(tx, message.id, "unwanted", "of nobody in the trial", erase_at=NOW)
        messages.erase_due(tx, NOW - timedelta(days=1))
        _, count = identity.add_participant(
            tx, KEYS, study="S", subject="DISPO-001", number=NUMBER, second=None, consent_from=NOW, now=NOW
        )
        assert count == 2
        assert messages.counts(tx)["received"] == 2


def test_linking_and_withdrawal_stand_in_the_journal_without_the_person(store: Store) -> None:
    with store.write() as tx:
        add(tx, actor="nurse")
        identity.withdraw_consent(tx, "DISPO-001", NOW, "intervention", NOW, "nurse")
        linked, withdrawn = journal.about(tx, "Participant", "DISPO-001")
    assert (linked.action, linked.actor) == ("participant linked", "nurse")
    assert (withdrawn.action, withdrawn.detail) == ("consent withdrawn", {"scope": "intervention"})
    assert NUMBER not in repr((linked, withdrawn))


# ---- consent


def test_consent_covers_from_its_first_instant_to_its_withdrawal(store: Store) -> None:
    with store.write() as tx:
        open_ended = add(tx)
        identity.withdraw_consent(tx, "DISPO-001", NOW + timedelta(days=5), "everything", NOW, "nurse")
        ended = people.by_subject(tx, "DISPO-001")
        without = add(tx, "DISPO-002", "HTEST-4712", consent_from=None)
    assert ended is not None
    moment = timedelta(microseconds=1)
    assert identity.consent_covers(open_ended, NOW)
    assert not identity.consent_covers(open_ended, NOW - moment)
    assert identity.consent_covers(open_ended, NOW + timedelta(days=5000))
    assert identity.consent_covers(ended, NOW + timedelta(days=5) - moment)
    assert not identity.consent_covers(ended, NOW + timedelta(days=5))
    assert not identity.consent_covers(without, NOW)


def test_a_withdrawal_of_nobody_or_of_no_scope_is_refused(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(Rejected, match="there is no participant DISPO-009"):
            identity.withdraw_consent(tx, "DISPO-009", NOW, "everything", NOW, "nurse")
        with pytest.raises(Rejected, match="one of intervention, collection, everything, not 'all'"):
            identity.withdraw_consent(tx, "DISPO-009", NOW, "all", NOW, "nurse")


# ---- the second identifier

NATIONAL = Identifier("65 170839 j003", type="SS")


@pytest.mark.parametrize(
    ("second", "said", "agrees"),
    [
        ("1958-03-12", {"birth_date": "1958-03-12"}, True),
        ("1958-03-12", {"birth_date": "1958-03-13"}, False),
        ("1958-03-12", {"birth_date": "1958-03"}, None),
        ("1958-03-12", {"birth_date": "1959"}, False),
        ("1958-03-12", {"birth_date": None}, None),
        ("1958-03-12", {}, None),
        ("SS|65 170839 J 003", {"identifiers": (Identifier(NUMBER, type="MR"), NATIONAL)}, True),
        ("SS|65 170839 J 004", {"identifiers": (Identifier(NUMBER, type="MR"), NATIONAL)}, False),
        ("SS|65 170839 J 003", {"identifiers": (Identifier(NUMBER, type="MR"),)}, None),
        ("ss|65170839J003", {"identifiers": (NATIONAL,)}, True),
        ("SS|65 170839 J 003", {"identifiers": None}, None),
        (None, {"birth_date": "1958-03-12"}, None),
    ],
)
def test_the_second_identifier(store: Store, second: str | None, said: dict[str, Any], agrees: bool | None) -> None:
    with store.write() as tx:
        participant = add(tx, second=second)
        assert identity.second_agrees(tx, KEYS, participant, said) is agrees


# ---- the Patient record


def test_the_patient_record_is_kept_whole_with_its_claims(store: Store) -> None:
    said = {"name": PersonName("HTEST-Müller", ("Änne",)), "birth_date": "1958-03-12", "deceased": None}
    claims = {"birth_date": (Claim("1958-03-12", Origin("kis", NOW, 7, "A08")),)}
    with store.write() as tx:
        patient_id = add(tx).patient_id
        assert identity.patient_record(tx, KEYS, patient_id) == (None, {})
        identity.keep_patient_record(tx, KEYS, patient_id, said, claims)
        identity.keep_patient_record(tx, KEYS, patient_id, said, claims)
        assert identity.patient_record(tx, KEYS, patient_id) == (said, claims)
        row = people.patient(tx, patient_id)
        assert row is not None
        assert row.version == 1, "what was known already is no new version"


# ---- keys and store belong together


def test_a_store_is_opened_only_with_its_own_keys(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        identity.check_keys(tx, KEYS)
        identity.check_keys(tx, KEYS)
        with pytest.raises(ConfigError, match="put back its own key file"):
            identity.check_keys(tx, Keyring.make(tmp_path / "keys"))
