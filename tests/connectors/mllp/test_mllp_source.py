"""The MLLP listener on the wire: real sockets, a `receive` that only answers, and everything that senders do wrong."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from integrator.connectors.mllp import Answer, Arrival, Endpoint, MllpListener
from integrator.errors import ConfigError, RetryLater
from integrator.formats.hl7v2 import Frame, Unframer, acknowledgement, answer, frame, glimpse

LIMIT = 100_000


def siu(number: int | str, note: str = "") -> bytes:
    return f"MSH|^~\\&|ARIA|RT|EHR|K|20260302081200||SIU^S12|{number}|P|2.5.1\rNTE|1||{note}\r".encode()


class Hospital:
    """What `receive` and `note` of the real line do, without a store."""

    def __init__(self) -> None:
        self.calls: list[list[Arrival]] = []
        self.noted: dict[str, int] = {}
        self.busy = False
        self.gate = threading.Event()
        self.gate.set()
        self.pad = ""

    def receive(self, arrivals: list[Arrival]) -> list[Answer]:
        self.gate.wait(10)
        self.calls.append(arrivals)
        if self.busy:
            raise RetryLater("the store is full")
        return [self._one(arrival) for arrival in arrivals]

    def _one(self, arrival: Arrival) -> Answer:
        head = glimpse(arrival.data)
        bad = arrival.too_long or not head.control_id
        code = "AR" if bad else "AA"
        return Answer(answer(head, code, self.pad or None, control_id="1", at=datetime.now(UTC)), close=bad)

    def note(self, source: str, what: str, n: int) -> None:
        self.noted[what] = self.noted.get(what, 0) + n

    def arrived(self) -> list[Arrival]:
        return [arrival for call in self.calls for arrival in call]


class Sender:
    """A client that can do everything wrong."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.unframer = Unframer(10_000_000)
        self.waiting: list[str] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answers(self, n: int) -> list[str]:
        """The next n answers, as "AA 17"."""
        while len(self.waiting) < n:
            data = self.socket.recv(65536)
            assert data, f"closed after {self.waiting}"
            for piece in self.unframer.feed(data):
                assert isinstance(piece, Frame)
                reply = acknowledgement(piece.data)
                self.waiting.append(f"{reply.code} {reply.control_id}")
        taken, self.waiting = self.waiting[:n], self.waiting[n:]
        return taken

    def closed(self) -> bool:
        """Whether the listener ends the connection without a further answer."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


@pytest.fixture
def listener(hospital: Hospital) -> Iterator[MllpListener]:
    endpoints = [Endpoint("aria", max_frame=LIMIT), Endpoint("his", max_frame=LIMIT)]
    listening = MllpListener(endpoints, hospital.receive, hospital.note)
    listening.start()
    yield listening
    hospital.gate.set()
    listening.stop()


@pytest.fixture
def connect(listener: MllpListener) -> Iterator[Callable[[], Sender]]:
    with contextlib.ExitStack() as stack:

        def one() -> Sender:
            sender = Sender(listener.port)
            stack.enter_context(sender.socket)
            return sender

        yield one


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.005)


def test_one_message_one_answer(connect, hospital):
    sender = connect()
    for number in range(5):
        sender.send(frame(siu(number)))
        assert sender.answers(1) == [f"AA {number}"]
    first = hospital.calls[0][0]
    assert (first.source, first.data, first.too_long) == ("aria", siu(0), False)
    assert first.peer == "{}:{}".format(*sender.socket.getsockname())


def test_many_frames_in_one_segment_are_answered_in_order_and_received_at_once(connect, hospital):
    sender = connect()
    sender.send(b"".join(frame(siu(number)) for number in range(50)))
    assert sender.answers(50) == [f"AA {number}" for number in range(50)]
    assert len(hospital.calls) < 10


def test_a_frame_byte_by_byte(connect):
    sender = connect()
    for byte in frame(siu("slow")):
        sender.send(bytes([byte]))
    assert sender.answers(1) == ["AA slow"]


def test_a_cut_between_fs_and_cr_makes_one_message(connect, hospital):
    sender = connect()
    sender.send(frame(siu(1))[:-1])
    time.sleep(0.05)
    sender.send(b"\r" + frame(siu(2)))
    assert sender.answers(2) == ["AA 1", "AA 2"]
    assert hospital.noted == {}


def test_a_sender_that_forgets_the_cr_is_answered_all_the_same(connect, hospital):
    sender = connect()
    sender.send(frame(siu(1))[:-1])
    assert sender.answers(1) == ["AA 1"]
    sender.send(frame(siu(2))[:-1] + frame(siu(3)))
    assert sender.answers(2) == ["AA 2", "AA 3"]
    assert hospital.noted == {}


def test_junk_before_a_frame_is_skipped_and_counted(connect, hospital):
    sender = connect()
    sender.send(b"hello" + frame(siu(1)))
    assert sender.answers(1) == ["AA 1"]
    assert hospital.noted == {"junk": 5}


def test_frames_of_many_connections_share_a_call(connect, hospital):
    hospital.gate.clear()
    first = connect()
    first.send(frame(siu("first")))
    others = [connect() for _ in range(40)]
    for number, sender in enumerate(others):
        sender.send(frame(siu(number)))
    time.sleep(0.1)
    hospital.gate.set()
    assert first.answers(1) == ["AA first"]
    for number, sender in enumerate(others):
        assert sender.answers(1) == [f"AA {number}"]
    assert max(len(call) for call in hospital.calls) >= 20


def test_two_endpoints_are_two_sources(listener, hospital):
    with socket.create_connection(("127.0.0.1", listener.ports[1])) as other:
        other.sendall(frame(siu(1)))
        until(lambda: len(hospital.arrived()) == 1)
    assert hospital.arrived()[0].source == "his"


def test_a_frame_over_the_limit_is_answered_and_the_connection_closed(connect, hospital):
    sender = connect()
    sender.send(frame(siu("good")))
    with contextlib.suppress(ConnectionError):
        sender.send(frame(siu("big", "x" * (3 * LIMIT))))
    assert sender.answers(2) == ["AA good", "AR big"]
    assert sender.closed()
    assert hospital.noted == {"over the limit": 1}
    assert [arrival.too_long for arrival in hospital.arrived()] == [False, True]


def test_the_answer_to_a_frame_over_the_limit_is_read_by_a_sender_that_is_still_sending(connect):
    sender = connect()
    sender.send(b"\x0b" + siu("big", "x" * LIMIT))
    time.sleep(0.1)
    for _ in range(20):
        sender.send(b"y" * 50_000)
    assert sender.answers(1) == ["AR big"]


def test_close_comes_after_the_last_answer_and_nothing_is_taken_after_it(connect, hospital):
    sender = connect()
    sender.send(frame(siu(1)) + frame(b"no header") + frame(siu(2)))
    assert sender.answers(3) == ["AA 1", "AR ", "AA 2"]
    sender.send(frame(siu(3)))
    assert sender.closed()
    assert len(hospital.arrived()) == 3


def test_a_truncated_frame_is_not_received_but_counted(connect, hospital):
    sender = connect()
    sender.send(frame(siu(1)) + frame(siu(2))[:30])
    assert sender.answers(1) == ["AA 1"]
    sender.socket.close()
    until(lambda: hospital.noted == {"truncated": 1})
    assert len(hospital.arrived()) == 1


def test_a_sender_that_closes_its_half_gets_all_its_answers(connect, hospital):
    sender = connect()
    sender.send(b"".join(frame(siu(number)) for number in range(100)) + frame(siu(100))[:-1])
    sender.socket.shutdown(socket.SHUT_WR)
    assert sender.answers(101) == [f"AA {number}" for number in range(101)]
    assert sender.closed()
    assert hospital.noted == {}


def test_a_reset_harms_nobody_else(connect, hospital, listener):
    sender, other = connect(), connect()
    sender.send(frame(siu(1))[:20])
    sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sender.socket.close()
    until(lambda: hospital.noted == {"truncated": 1})
    other.send(frame(siu(2)))
    assert other.answers(1) == ["AA 2"]
    assert listener.connections == 1


def test_a_busy_store_closes_without_an_answer(connect, hospital):
    sender, idle = connect(), connect()
    hospital.busy = True
    sender.send(frame(siu(1)))
    assert sender.closed()
    hospital.busy = False
    idle.send(frame(siu(2)))
    assert idle.answers(1) == ["AA 2"]
    assert hospital.noted == {"store busy": 1}


def test_a_sender_that_does_not_read_its_answers_is_not_read_and_slows_nobody(connect, hospital, listener):
    hospital.pad = "x" * 20_000
    deaf, other = connect(), connect()
    deaf.socket.settimeout(0.2)
    flood = b"".join(frame(siu(number)) for number in range(100)) * 5000
    with pytest.raises(TimeoutError):
        deaf.socket.sendall(flood)
    received = len(hospital.arrived())
    other.send(frame(siu("other")))
    assert other.answers(1) == ["AA other"]
    time.sleep(0.1)
    assert len(hospital.arrived()) == received + 1, "nothing more is taken while answers wait"
    assert sum(len(one.out) for one in listener._connections) < 50_000_000
    deaf.socket.settimeout(10)
    assert deaf.answers(received)[:3] == ["AA 0", "AA 1", "AA 2"]


def test_answers_longer_than_the_network_takes_at_once(connect, hospital):
    hospital.pad = "x" * 200_000
    sender = connect()
    sender.send(b"".join(frame(siu(number)) for number in range(60)))
    time.sleep(0.2)
    assert sender.answers(60) == [f"AA {number}" for number in range(60)]


def test_stop_finishes_what_is_answered(hospital):
    hospital.pad = "x" * 200_000
    listening = MllpListener([Endpoint("aria")], hospital.receive, hospital.note)
    listening.start()
    sender = Sender(listening.port)
    with sender.socket:
        sender.send(b"".join(frame(siu(number)) for number in range(60)))
        until(lambda: sum(map(len, hospital.calls)) == 60)
        stopping = threading.Thread(target=listening.stop)
        stopping.start()
        assert sender.answers(60) == [f"AA {number}" for number in range(60)]
        assert sender.closed()
        stopping.join(10)
    assert not listening.alive
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", listening.ports[0]), 1)


def test_stop_and_start_again(hospital):
    listening = MllpListener([Endpoint("aria")], hospital.receive)
    listening.start()
    port = listening.port
    listening.stop()
    again = MllpListener([Endpoint("aria", port=port)], hospital.receive)
    again.start()
    sender = Sender(port)
    with sender.socket:
        sender.send(frame(siu(1)))
        assert sender.answers(1) == ["AA 1"]
    again.stop()
    again.stop()


def test_an_address_that_is_taken_is_a_configuration_error(listener, hospital):
    other = MllpListener([Endpoint("his"), Endpoint("aria", port=listener.port)], hospital.receive)
    with pytest.raises(ConfigError, match=r"source aria: cannot listen on 127\.0\.0\.1"):
        other.start()


def test_ipv6(hospital):
    listening = MllpListener([Endpoint("aria", host="::1")], hospital.receive)
    try:
        listening.start()
    except ConfigError:
        pytest.skip("left out: this machine has no IPv6")
    with socket.create_connection(("::1", listening.port)) as sender:
        sender.sendall(frame(siu(1)))
        assert acknowledgement(sender.recv(65536).strip(b"\x0b\x1c\r")).control_id == "1"
    listening.stop()


def test_more_connections_than_the_machine_has_descriptors_for(connect, hospital):
    first = connect()
    first.send(frame(siu(1)))
    assert first.answers(1) == ["AA 1"]
    most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = [socket.socket() for _ in range(20)]
    highest = max(one.fileno() for one in waiting)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 4, hard))
    try:
        for one in waiting:
            one.connect(first.socket.getpeername())
            one.sendall(frame(siu("late")))
        until(lambda: "connections refused" in hospital.noted)
        first.send(frame(siu(2)))
        assert first.answers(1) == ["AA 2"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    until(lambda: len(hospital.arrived()) == 22)
    assert hospital.noted["connections refused"] < 10, "it does not spin"
    for one in waiting:
        one.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_receive_is_not_hidden(hospital):
    def faulty(arrivals: list[Arrival]) -> list[Answer]:
        raise LookupError("a fault of ours")

    listening = MllpListener([Endpoint("aria")], faulty, hospital.note)
    listening.start()
    sender = Sender(listening.port)
    with sender.socket:
        sender.send(frame(siu(1)))
        assert sender.closed(), "no answer: the sender keeps its message"
    until(lambda: not listening.alive)
    listening.stop()
