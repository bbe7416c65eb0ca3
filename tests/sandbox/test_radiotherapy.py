"""The sending side against a small MLLP listener: answers, repeats, lost connections, and the act as a process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from integrator.errors import RetryLater
from integrator.formats.hl7v2 import Frame, Unframer, answer, frame, glimpse
from integrator.sandbox.radiotherapy import Sender, play
from integrator.sandbox.story import tell

ONE, TWO, THREE = [sent.data for sent in tell().act("first-booking").messages[:3]]


class Listener:
    """Takes frames and answers as `reply` says; None closes the connection instead."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.reply: Callable[[bytes], bytes | None] = acknowledge
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        unframer = Unframer(100_000)
        with connection:
            while received := connection.recv(65_536):
                for each in unframer.feed(received):
                    assert isinstance(each, Frame)
                    self.got.append(each.data)
                    said = self.reply(each.data)
                    if said is None:
                        return
                    connection.sendall(said)


def acknowledge(data: bytes, code: str = "AA") -> bytes:
    return frame(answer(glimpse(data), code, control_id="x", at=datetime(2026, 3, 10, tzinfo=UTC)))


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


def test_each_message_is_acknowledged_in_order(listener: Listener) -> None:
    with Sender(*listener.address) as sender:
        answers = sender.send_all([ONE, TWO, THREE])
    assert listener.got == [ONE, TWO, THREE]
    assert [(each.code, each.control_id) for each in answers] == [
        ("AA", glimpse(data).control_id) for data in (ONE, TWO, THREE)
    ]


def test_pipelined(listener: Listener) -> None:
    together = threading.Event()

    def only_when_three_are_there(data: bytes) -> bytes:
        if data == THREE:
            together.set()
            return b"".join(map(acknowledge, (ONE, TWO, THREE)))
        return b""

    listener.reply = only_when_three_are_there
    with Sender(*listener.address) as sender:
        assert [each.code for each in sender.send_all([ONE, TWO, THREE], ahead=3)] == ["AA"] * 3
    assert together.is_set()


def test_an_error_is_an_answer_and_is_not_sent_again(listener: Listener) -> None:
    listener.reply = lambda data: acknowledge(data, "AE")
    with Sender(*listener.address) as sender:
        assert sender.send(ONE).code == "AE"
    assert listener.got == [ONE]


def test_a_closed_connection_repeats_what_has_no_answer(listener: Listener) -> None:
    listener.reply = lambda data: None if len(listener.got) == 2 else acknowledge(data)
    with Sender(*listener.address, pause=0.01) as sender:
        assert len(sender.send_all([ONE, TWO, THREE])) == 3
        assert sender.resent == 1
    assert listener.got == [ONE, TWO, TWO, THREE]


def test_a_time_out_and_a_wrong_answer_repeat(listener: Listener) -> None:
    replies = iter([b"", acknowledge(TWO), acknowledge(ONE)])
    listener.reply = lambda data: next(replies)
    with Sender(*listener.address, timeout=0.2, pause=0.01) as sender:
        assert sender.send(ONE).code == "AA"
    assert listener.got == [ONE, ONE, ONE]


def test_it_gives_up_in_the_end(listener: Listener) -> None:
    listener.reply = lambda data: None
    with Sender(*listener.address, attempts=3, pause=0.01) as sender, pytest.raises(RetryLater):
        sender.send(ONE)
    assert listener.got == [ONE] * 3


def test_raw_bytes(listener: Listener) -> None:
    with Sender(*listener.address) as sender:
        sender.send_raw(frame(ONE)[:50])
        sender.send_raw(frame(ONE)[50:] + frame(TWO))
        assert glimpse(ONE).control_id.encode() in sender.receive()
        assert glimpse(TWO).control_id.encode() in sender.receive()


def test_an_act_tells_what_was_not_expected(listener: Listener) -> None:
    addresses = {"aria": listener.address, "kis": listener.address}
    heard: list[int] = []
    played = play(tell().act("broken-characters"), addresses, progress=heard.append)
    assert (played.sent, dict(played.answers), heard) == (1, {"AA": 1}, [1])
    assert played.surprises == ["ARIA000189: answered AA, expected AE"]


def test_an_act_keeps_its_order_over_two_sources(listener: Listener) -> None:
    act = tell().act("others")
    assert play(act, {"aria": listener.address, "kis": listener.address}).answers == {"AA": 80}
    assert listener.got == [sent.data for sent in act.messages]


def test_an_act_as_a_process_of_its_own(listener: Listener) -> None:
    place = f"127.0.0.1:{listener.address[1]}"
    hosts = [word for who in ("aria", "kis", "fin") for word in (f"--{who}", place)]
    command = [sys.executable, "-m", "integrator.sandbox.radiotherapy", "machine-down", *hosts]
    done = subprocess.run([*command, "--ahead", "5"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout) == {
        "act": "machine-down",
        "sent": 17,
        "answers": {"AA": 17},
        "surprises": [],
        "resent": 0,
    }
    assert len(listener.got) == 17
