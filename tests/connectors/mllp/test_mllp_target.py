"""The MLLP sender against receivers that answer well, late, wrongly or not at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from integrator.connectors.mllp import MllpSender
from integrator.errors import Rejected, RetryLater
from integrator.formats.hl7v2 import Frame, Unframer, acknowledgement, answer, frame, header

Behave = Callable[[socket.socket, bytes], None]


def adt(number: int | str) -> bytes:
    return f"MSH|^~\\&|US|K|ORBIS|K|20260302081200||ADT^A08|{number}|P|2.5.1\rPID|1||4711\r".encode()


def good(data: bytes, code: str = "AA") -> bytes:
    return answer(header(data), code, control_id="1", at=datetime.now(UTC))


class Receiver:
    """A receiver that does with each message what `behave` says."""

    def __init__(self) -> None:
        self.behave: Behave = lambda connection, data: connection.sendall(frame(good(data)))
        self.connections = 0
        self.received: list[bytes] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        unframer = Unframer(100_000)
        with connection:
            try:
                while data := connection.recv(65536):
                    for piece in unframer.feed(data):
                        assert isinstance(piece, Frame)
                        self.received.append(piece.data)
                        self.behave(connection, piece.data)
            except OSError:
                return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown(socket.SHUT_RDWR)
    one.server.close()


@pytest.fixture
def sender(receiver: Receiver) -> Iterator[MllpSender]:
    with MllpSender("127.0.0.1", receiver.port, timeout=0.6) as one:
        yield one


def test_the_answer_comes_back_and_the_connection_is_kept(receiver, sender):
    for number in range(5):
        assert acknowledgement(sender.send(adt(number))) == ("AA", str(number), None, None, None)
    assert receiver.received == [adt(number) for number in range(5)]
    assert receiver.connections == 1


def test_a_refusal_is_an_answer(receiver, sender):
    receiver.behave = lambda connection, data: connection.sendall(frame(good(data, "AR")))
    assert acknowledgement(sender.send(adt(1))).code == "AR"


def test_no_answer_in_time_closes_and_the_late_one_is_credited_to_nobody(receiver, sender):
    def late(connection: socket.socket, data: bytes) -> None:
        time.sleep(0.9)
        connection.sendall(frame(good(data)))

    receiver.behave = late
    with pytest.raises(RetryLater, match=r"no answer within 0\.6 s") as caught:
        sender.send(adt(1))
    assert caught.value.ambiguous
    receiver.behave = lambda connection, data: connection.sendall(frame(good(data)))
    time.sleep(0.5)
    assert acknowledgement(sender.send(adt(2))).control_id == "2"
    assert receiver.connections == 2


def test_an_answer_to_another_message_is_not_ours(receiver, sender):
    receiver.behave = lambda connection, data: connection.sendall(frame(good(adt(99))))
    with pytest.raises(RetryLater, match="MSA-2") as caught:
        sender.send(adt(1))
    assert caught.value.ambiguous
    receiver.behave = lambda connection, data: connection.sendall(frame(good(data)))
    sender.send(adt(2))
    assert receiver.connections == 2


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(receiver, sender):
    receiver.behave = lambda connection, data: connection.sendall(frame(good(data)) + frame(good(adt(2), "AE")))
    sender.send(adt(1))
    time.sleep(0.1)
    receiver.behave = lambda connection, data: connection.sendall(frame(good(data)))
    assert acknowledgement(sender.send(adt(2))).code == "AA"
    assert receiver.connections == 2


@pytest.mark.parametrize("reply", [b"what?", adt(1), b"MSH|^~\\&|A\rMSA\x00", b""])
def test_an_answer_that_is_none(receiver, sender, reply):
    receiver.behave = lambda connection, data: connection.sendall(frame(reply))
    with pytest.raises(RetryLater, match="no acknowledgement") as caught:
        sender.send(adt(1))
    assert caught.value.ambiguous


def test_an_answer_with_umlauts_and_without_character_set(receiver, sender):
    reply = good(adt(1), "AE").replace(b"MSA|AE|1", "MSA|AE|1|unzulässig".encode("latin-1"))
    receiver.behave = lambda connection, data: connection.sendall(frame(reply))
    assert sender.send(adt(1)) == reply


def test_an_answer_without_the_last_cr_or_in_pieces(receiver, sender):
    def pieces(connection: socket.socket, data: bytes) -> None:
        for byte in frame(good(data))[:-1]:
            connection.sendall(bytes([byte]))

    receiver.behave = pieces
    assert acknowledgement(sender.send(adt(1))).code == "AA"


def test_a_connection_that_closes_before_the_answer_is_ambiguous(receiver, sender):
    receiver.behave = lambda connection, data: connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(RetryLater, match="closed before an answer") as caught:
        sender.send(adt(1))
    assert caught.value.ambiguous


def test_a_connection_that_was_closed_while_idle_is_opened_again(receiver, sender):
    def answer_and_hang_up(connection: socket.socket, data: bytes) -> None:
        connection.sendall(frame(good(data)))
        connection.shutdown(socket.SHUT_RDWR)

    receiver.behave = answer_and_hang_up
    sender.send(adt(1))
    time.sleep(0.05)
    assert acknowledgement(sender.send(adt(2))).control_id == "2"
    assert receiver.connections == 2


def test_nobody_there_is_not_ambiguous():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RetryLater, match="no connection to") as caught:
        MllpSender("127.0.0.1", port, timeout=1).send(adt(1))
    assert not caught.value.ambiguous


def test_what_has_no_control_id_is_not_sent(sender):
    with pytest.raises(Rejected):
        sender.send(b"MSH|^~\\&|US\r")
