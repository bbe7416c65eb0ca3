"""What a sender is answered, on the wire: AA, AE, AR, CA, CE, CR, duplicates, reused ids, another environment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrator.connectors.mllp import Answer, Endpoint, MllpListener
from integrator.engine.acknowledging import acknowledge_some, sender_to
from integrator.formats.hl7v2 import answer, frame, header
from integrator.store import messages, tallies
from tests.houses import NUMBER, Sender, house, listening, siu, wait_for

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def wire(tmp_path):
    with house(tmp_path) as here, listening(here) as port, Sender(port) as aria:
        yield here, aria


def code(answer: bytes) -> bytes:
    return answer.split(b"\rMSA|")[1][:2]


def test_stored_is_accepted_and_the_answer_names_their_control_id(wire):
    here, aria = wire
    answer = aria.send(siu(control_id="ARIA-77"))
    assert b"\rMSA|AA|ARIA-77" in answer
    assert b"|ACK^S12" in answer
    assert here.states() == {"received": 1}


def test_many_frames_in_one_segment_are_answered_in_order_one_each(wire):
    here, aria = wire
    aria.raw(b"".join(frame(siu(control_id=f"N{n}", filler=f"F-{n}")) for n in range(30)))
    assert [aria.answer().split(b"\rMSA|AA|")[1].split(b"\r")[0] for _ in range(30)] == [
        f"N{n}".encode() for n in range(30)
    ]
    assert here.states() == {"received": 30}


def test_a_duplicate_is_accepted_and_not_stored_again(wire):
    here, aria = wire
    assert code(aria.send(siu())) == code(aria.send(siu())) == b"AA"
    assert here.states() == {"received": 1}


def test_two_equal_frames_in_one_segment_are_stored_once(wire):
    here, aria = wire
    aria.raw(frame(siu()) * 2)
    assert [code(aria.answer()), code(aria.answer())] == [b"AA", b"AA"]
    assert here.states() == {"received": 1}


def test_a_control_id_reused_with_another_time_is_a_new_message(wire):
    here, aria = wire
    aria.send(siu(sent="20260310080000"))
    assert code(aria.send(siu("S13", sent="20260310081000"))) == b"AA"
    here.read_all()
    assert here.states() == {"merged": 1, "unchanged": 1} or here.states() == {"merged": 2}


def test_a_control_id_reused_with_the_same_time_and_other_bytes_is_held(wire):
    here, aria = wire
    aria.send(siu())
    assert code(aria.send(siu(machine="LINAC 9"))) == b"AA"
    here.read_all()
    assert here.states() == {"merged": 1, "held": 1}
    assert "control id" in here.message(2).reason


def test_bytes_that_do_not_decode_are_kept_held_and_answered_ae_until_mended(wire):
    here, aria = wire
    broken = siu(msh="||||||UNICODE UTF-8")
    first = aria.send(broken)
    assert code(first) == b"AE"
    assert b"\rERR|" in first
    assert code(aria.send(broken)) == b"AE"
    here.read_all()
    assert here.states() == {"held": 1}
    assert code(aria.send(broken)) == b"AE"
    with here.line.store.write() as tx:
        messages.settle(tx, here.message(1).id, "set aside", "mended by hand")
    assert code(aria.send(broken)) == b"AA"
    assert here.states() == {"set aside": 1}


def test_a_source_may_say_that_lossy_bytes_are_accepted(tmp_path):
    with house(tmp_path, undecodable="AA") as here, listening(here) as port, Sender(port) as aria:
        assert code(aria.send(siu(msh="||||||UNICODE UTF-8"))) == b"AA"
        here.read_all()
        assert here.states() == {"held": 1}


@pytest.mark.parametrize("processing", ["P", "D", ""])
def test_another_environment_is_refused_with_202(wire, processing):
    here, aria = wire
    answer = aria.send(siu(processing=processing))
    assert code(answer) == b"AR"
    assert b"202" in answer
    assert here.states() == {}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"PID|1||4711\r", b"no MSH"),
        (siu() + siu(), b"two MSH"),
        (siu(control_id=""), b"MSH-10"),
    ],
)
def test_what_is_no_message_is_refused_with_100_and_the_connection_ends(wire, body, says):
    here, aria = wire
    answer = aria.send(body)
    assert code(answer) == b"AR"
    assert says in answer
    assert b"100" in answer
    assert aria.answer() == b""
    assert here.states() == {}


def test_a_frame_over_the_limit_is_refused_and_the_connection_ends(tmp_path):
    with house(tmp_path, longest=2000) as here, listening(here) as port, Sender(port) as aria:
        answer = aria.send(siu() + b"NTE|1||" + b"x" * 5000 + b"\r")
        assert code(answer) == b"AR"
        assert b"longer than 2000" in answer
        assert aria.answer() == b""
        assert here.states() == {}


def test_a_truncated_frame_stores_nothing_and_is_counted(tmp_path):
    with house(tmp_path) as here, listening(here) as port:
        with Sender(port) as aria:
            aria.raw(frame(siu())[:-40])
        with Sender(port) as aria:
            assert code(aria.send(siu(control_id="M2"))) == b"AA"
        assert here.states() == {"received": 1}
        wait_for(lambda: tally(here, "truncated") == 1)


def tally(here, what: str) -> int:
    with here.line.store.read() as tx:
        return tallies.read(tx).get(("aria", what), 0)


def test_enhanced_mode_is_answered_with_commit_codes(wire):
    here, aria = wire
    assert code(aria.send(siu(control_id="E1", msh="|||AL|NE"))) == b"CA"
    assert code(aria.send(siu(control_id="E2", msh="|||AL|NE||UNICODE UTF-8"))) == b"CE"
    assert code(aria.send(siu(control_id="E3", msh="|||AL|NE", processing="P"))) == b"CR"
    assert here.states() == {"received": 2}


def test_enhanced_mode_that_wants_no_accept_answer_gets_none(wire):
    here, aria = wire
    aria.raw(frame(siu(msh="|||NE|NE")))
    assert aria.silent()
    assert here.states() == {"received": 1}


def test_an_application_acknowledgement_that_we_cannot_give_is_refused_with_the_reason(wire):
    here, aria = wire
    answer = aria.send(siu(msh="|||AL|AL"))
    assert code(answer) == b"CR"
    assert b"ack_to" in answer
    assert here.states() == {}


def test_an_application_acknowledgement_goes_to_ack_to_once_the_message_was_worked_on(tmp_path):
    taken = []

    def take(arrivals):
        taken.extend(arrival.data for arrival in arrivals)
        heads = [header(arrival.data) for arrival in arrivals]
        return [Answer(answer(head, "CA", control_id="X1", at=datetime.now(UTC))) for head in heads]

    other_side = MllpListener([Endpoint("acks")], take)
    other_side.start()
    try:
        address = f"127.0.0.1:{other_side.port}"
        with house(tmp_path, ack_to=address) as here, listening(here) as port, Sender(port) as aria:
            assert code(aria.send(siu(msh="|||AL|AL"))) == b"CA"
            assert code(aria.send(siu(control_id="M2", filler="F-2", msh="|||AL|ER"))) == b"CA"
            source = here.line.settings.source_named("aria")
            with sender_to(source) as sender:
                assert acknowledge_some(here.line, source, sender) == 0
                here.read_all()
                assert acknowledge_some(here.line, source, sender) == 2
                assert acknowledge_some(here.line, source, sender) == 0
    finally:
        other_side.stop()
    assert [code(ack) for ack in taken] == [b"AA"]
    assert b"\rMSA|AA|M1" in taken[0]


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        (siu(version="9.9"), "held", "an HL7 version"),
        (siu(number=""), "held", "no patient number"),
        (siu(filler=""), "held", "no filler appointment id"),
        (siu(start="20260230094000"), "held", ""),
        (siu(start="20260312100000", end="20260312094000"), "held", ""),
        (siu(status="Frobnicated"), "held", ""),
        (siu(start="20260329023000", end="20260329025000"), "held", ""),
    ],
    ids=["version", "empty PID-3", "no appointment id", "30 February", "end before start", "status", "spring gap"],
)
def test_bad_content_is_accepted_kept_and_held_with_its_reason(wire, body, state, reason):
    here, aria = wire
    assert code(aria.send(body)) == b"AA"
    here.read_all()
    assert here.states() == {state: 1}
    held = here.message(1)
    assert reason in held.reason
    assert NUMBER not in held.reason


def test_a_type_without_a_face_is_accepted_and_unwanted(wire):
    here, aria = wire
    assert code(aria.send(siu().replace(b"SIU^S12^SIU_S12", b"ORM^O01^ORM_O01"))) == b"AA"
    here.read_all()
    assert here.states() == {"unwanted": 1}
    assert "no face" in here.message(1).reason


def test_custom_delimiters_come_back_in_the_answer(wire):
    _, aria = wire
    body = siu().decode("latin-1").translate(str.maketrans("|^~\\&", "#!@%*")).encode("latin-1")
    answer = aria.send(body)
    assert answer.startswith(b"MSH#!@%*#")
    assert b"\rMSA#AA#M1" in answer
