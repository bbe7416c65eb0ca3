"""Messages: stored, found again, leased once, settled along the arrows, erased in time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from integrator.store import Store, messages, records
from integrator.store.schema import MESSAGE_STATES
from integrator.store.schema import messages as table
from tests.store.store_rows import LATER, NOW, SOON, four_workers, message, record


def test_receipt_numbers_count_up_in_order_of_receipt(store: Store) -> None:
    with store.write() as tx:
        assert messages.append(tx, [message("A"), message("B")]) == [1, 2]
    with store.write() as tx:
        assert messages.append(tx, [message("C")]) == [3]
        assert messages.append(tx, []) == []


def test_what_was_rolled_back_is_nowhere_and_numbers_go_on(store: Store) -> None:
    def fail() -> None:
        with store.write() as tx:
            messages.append(tx, [message("A")])
            raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        fail()
    with store.write() as tx:
        assert messages.twins(tx, "aria-siu", "A") == []
        first, second = messages.append(tx, [message("B"), message("C")])
    with store.write() as tx:
        (third,) = messages.append(tx, [message("D")])
    assert first < second < third


def test_what_was_stored_comes_back_as_it_was(store: Store) -> None:
    new = message(
        "Ä1",
        version="2.5.1",
        processing_id="P",
        facility="HD",
        source_time_note="ahead of our clock",
        patient_index=b"index",
        state="held",
        reason="bytes that are not UTF-8",
        detail=b"sealed detail",
        answer="AE",
    )
    with store.write() as tx:
        messages.append(tx, [new])
    with store.read() as tx:
        found = messages.get(tx, 1)
        assert messages.get(tx, 2) is None
    assert found is not None
    for name, value in new._asdict().items():
        assert getattr(found, name) == value, name


def test_twins_are_of_the_same_source_and_control_id(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A"), message("A", digest=b"other"), message("A", source="mosaiq"), message("B")])
        first, second = messages.twins(tx, "aria-siu", "A")
    assert (first.id, first.digest, first.state) == (1, b"digest of A", "received")
    assert (second.id, second.digest, second.sent_at) == (2, b"other", "20260302091200+0100")


def test_twins_of_many_at_once(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A"), message("A", digest=b"other"), message("A", source="mosaiq"), message("B")])
        asked = [("aria-siu", "A"), ("aria-siu", "B"), ("mosaiq", "A"), ("mosaiq", "B"), ("aria-siu", "A")]
        found = messages.twins_of(tx, asked)
        assert found == {pair: messages.twins(tx, *pair) for pair in asked}
        assert [twin.id for twin in found["aria-siu", "A"]] == [1, 2]
        assert found["mosaiq", "B"] == []
        assert messages.twins_of(tx, []) == {}


def test_a_lease_takes_the_oldest_that_nobody_holds(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message(name) for name in "ABCD"])
        messages.settle(tx, 2, "merged")
        assert [m.id for m in messages.lease(tx, 2, "one", NOW, SOON)] == [1, 3]
        assert [m.id for m in messages.lease(tx, 9, "two", NOW, SOON)] == [4]
        assert messages.lease(tx, 9, "three", NOW, SOON) == []


def test_a_leased_message_brings_what_reading_needs(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
        (taken,) = messages.lease(tx, 1, "one", NOW, SOON)
    assert (taken.body, taken.body_key, taken.body_key_of) == (b"sealed body of A", b"wrapped key", "source:aria-siu")
    assert taken.source_time == NOW - timedelta(seconds=3)


def test_a_lease_that_is_over_is_taken_again(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
        messages.lease(tx, 1, "dead", NOW, SOON)
        assert messages.lease(tx, 1, "alive", SOON - timedelta(seconds=1), LATER) == []
        assert [m.id for m in messages.lease(tx, 1, "alive", SOON, LATER)] == [1]


def test_two_threads_never_lease_the_same_message(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message(str(n)) for n in range(400)])
    taken = four_workers(store, lambda tx, holder: [m.id for m in messages.lease(tx, 7, holder, NOW, SOON)])
    assert Counter(taken) == Counter(range(1, 401))


@pytest.mark.parametrize("before", MESSAGE_STATES)
@pytest.mark.parametrize("after", [state for state in MESSAGE_STATES if state != "received"])
def test_a_message_is_settled_only_along_an_arrow(store: Store, before: str, after: str) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
        tx.run(update(table).values(state=before))
        assert messages.settle(tx, 1, after, "a reason") is (after in MESSAGE_STATES[before])
        found = messages.get(tx, 1)
    assert found is not None
    assert found.state == (after if after in MESSAGE_STATES[before] else before)


def test_settling_ends_the_lease_and_leaves_what_is_not_given(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A", patient_index=b"index")])
        messages.lease(tx, 1, "one", NOW, SOON)
        assert messages.settle(tx, 1, "held", "no patient number", b"sealed", face="face 1", release="0.1")
        assert messages.reopen(tx, [1]) == 1
        assert messages.lease(tx, 1, "two", NOW, SOON)[0].reason is None
        assert messages.settle(tx, 1, "merged", body_key=b"rewrapped", body_key_of="patient:1")
        found = messages.get(tx, 1)
    assert found is not None
    assert (found.state, found.reason, found.detail, found.face) == ("merged", None, None, "face 1")
    assert (found.body_key, found.body_key_of, found.patient_index) == (b"rewrapped", "patient:1", b"index")


def test_the_second_of_two_workers_settles_nothing(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A")])
        assert messages.settle(tx, 1, "merged")
        assert not messages.settle(tx, 1, "held", "too late")
        assert messages.get(tx, 1).state == "merged"  # type: ignore[union-attr]


def test_reopened_messages_are_read_again_erased_ones_are_not(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message(str(n)) for n in range(1200)])
        for number in range(1, 1201):
            messages.settle(tx, number, "unwanted", "of nobody in the trial", erase_at=SOON if number == 1 else LATER)
        assert messages.erase_due(tx, SOON) == 1
        assert messages.reopen(tx, range(1, 1201)) == 1199
        assert messages.counts(tx)["received"] == 1199
        assert messages.counts(tx)["unwanted"] == 1


def test_erasing_takes_body_key_and_detail_and_leaves_the_row(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A"), message("B")])
        messages.settle(tx, 1, "unwanted", "of nobody in the trial", b"sealed", patient_index=b"index", erase_at=SOON)
        assert messages.erase_due(tx, SOON - timedelta(microseconds=1)) == 0
        assert messages.erase_due(tx, SOON) == 1
        assert messages.erase_due(tx, SOON) == 0
        gone, other = messages.get(tx, 1), messages.get(tx, 2)
    assert gone is not None
    assert other is not None
    assert (gone.body, gone.body_key, gone.detail) == (None, None, None)
    assert (gone.state, gone.control_id, gone.patient_index) == ("unwanted", "A", b"index")
    assert other.body == b"sealed body of B"


def test_messages_of_a_patient_and_of_a_record(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A", patient_index=b"one"), message("B", patient_index=b"two"), message("C")])
        messages.settle(tx, 1, "unwanted", "of nobody in the trial")
        row = record(tx)
        records.link(tx, 3, row.number, "merged")
        records.link(tx, 2, row.number, "superseded")
        assert [m.id for m in messages.of_patient(tx, b"one")] == [1]
        assert [m.id for m in messages.of_patient(tx, b"one", "unwanted")] == [1]
        assert messages.of_patient(tx, b"two", "unwanted") == []
        assert [(m.id, m.body) for m in messages.of_record(tx, row.number)] == [
            (2, b"sealed body of B"),
            (3, b"sealed body of C"),
        ]


def test_pages_go_from_the_newest_down(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message(str(n), source="aria" if n % 2 else "mosaiq") for n in range(6)])
        messages.settle(tx, 2, "merged")
        assert [m.id for m in messages.page(tx, limit=2)] == [6, 5]
        assert [m.id for m in messages.page(tx, before=5, limit=2)] == [4, 3]
        assert [m.id for m in messages.page(tx, source="aria")] == [6, 4, 2]
        assert [m.id for m in messages.page(tx, state="merged", source="aria")] == [2]


def test_every_state_is_counted(store: Store) -> None:
    with store.write() as tx:
        messages.append(tx, [message("A"), message("B")])
        messages.settle(tx, 1, "merged")
        counts = messages.counts(tx)
    assert list(counts) == list(MESSAGE_STATES)
    assert {state: n for state, n in counts.items() if n} == {"received": 1, "merged": 1}
