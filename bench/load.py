"""The load generator: a process of its own that sends messages over MLLP and times every answer.

python -m bench.load --port 2575 --connections 32 --depth 1 --messages 20000

What need not happen between an answer and the next message does not: the next one is ready by then, and answers are
looked at when all have come.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from bench.feed import feed
from bench.messages import NUMBER, Template

START, END = b"\x0b", b"\x1c\r"
SILENCE = 30  # seconds without any answer after which the run has failed


class Pipe:
    """One connection that keeps `depth` messages under way: every answer makes room for the next one."""

    def __init__(self, port: int, depth: int, messages: Iterable[tuple[bytes, bytes]]):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE, 0))
        self.depth = depth
        self.names: list[bytes] = []
        self.frames = self._framed(messages)
        self.sent_at: list[float] = []
        self.answered_at: list[float] = []
        self.seen = b""
        self.answers: list[bytes] = []
        self.ready: deque[bytes] = deque(islice(self.frames, depth))

    def _framed(self, messages: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
        for name, message in messages:
            self.names.append(name)
            yield START + message + END

    def send(self, n: int) -> None:
        """Up to n messages more, in one write; then makes the next ones ready."""
        frames = [self.ready.popleft() for _ in range(min(n, len(self.ready)))]
        if frames:
            self.sent_at += [time.perf_counter()] * len(frames)
            self.socket.sendall(b"".join(frames))
            self.ready.extend(islice(self.frames, len(frames)))

    def receive(self) -> int:
        """Takes what has come; how many answers it completes. ConnectionError: the other side closed."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the listener closed the connection")
        now = time.perf_counter()
        *whole, self.seen = (self.seen + data).split(END)
        self.answered_at += [now] * len(whole)
        self.answers += whole
        return len(whole)

    def wrong(self) -> int:
        """How many answers were not AA for the message that they stand for."""
        pairs = zip(self.names, self.answers, strict=True)
        return sum(b"\rMSA|AA|" + name + b"\r" not in answer for name, answer in pairs)

    def times(self) -> list[float]:
        """Seconds from sending to answer, of every message."""
        return [end - begin for begin, end in zip(self.sent_at, self.answered_at, strict=True)]


def bookings(name: str, messages: int, patient: str, now: datetime) -> Iterator[tuple[bytes, bytes]]:
    """Control id and message, of each: appointments of one patient, each message a new one."""
    template = Template(patient, now.strftime("%Y%m%d%H%M%S%z"))
    for n in range(messages):
        control_id = f"{name}{n:06d}".encode()
        yield control_id, template.message(control_id)


def run(
    port: int,
    connections: int,
    depth: int,
    messages: int,
    name: str = "B01",
    patient: str = NUMBER,
    mixed: bool = False,
) -> dict[str, float | int]:
    """Sends them all and waits for every answer; messages a second, milliseconds, and what was not AA for its own."""
    now, each = datetime.now().astimezone(), messages // connections
    names = [f"{name}{n:03d}" for n in range(connections)]
    if mixed:  # made before: it takes longer than sending
        sent: list[Iterable[tuple[bytes, bytes]]] = [list(feed(one, each, now)) for one in names]
    else:
        sent = [bookings(one, each, patient, now) for one in names]
    pipes = [Pipe(port, depth, of_one) for of_one in sent]
    begin = time.perf_counter()
    for pipe in pipes:
        pipe.send(depth)
    if connections == 1:
        _one(pipes[0], each)
    else:
        _many(pipes, each * connections)
    seconds = time.perf_counter() - begin
    for pipe in pipes:
        pipe.socket.close()
    times = sorted(one for pipe in pipes for one in pipe.times())
    return {
        "connections": connections,
        "depth": depth,
        "messages": len(times),
        "seconds": round(seconds, 3),
        "per_second": round(len(times) / seconds, 1),
        "p50_ms": round(times[len(times) // 2] * 1e3, 3),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1e3, 3),
        "max_ms": round(times[-1] * 1e3, 3),
        "wrong": sum(pipe.wrong() for pipe in pipes),
    }


def _one(pipe: Pipe, total: int) -> None:
    while total:
        got = pipe.receive()
        pipe.send(got)
        total -= got


def _many(pipes: list[Pipe], total: int) -> None:
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe.socket, selectors.EVENT_READ, pipe)
        while total:
            ready = selector.select(SILENCE)
            if not ready:
                raise TimeoutError(f"no answer for {SILENCE} seconds, {total} are missing")
            for key, _ in ready:
                got = key.data.receive()
                key.data.send(got)
                total -= got


def main() -> None:
    """One run, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--depth", type=int, default=1, help="messages under way on each connection")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--name", default="B01", help="what the control ids begin with; another one for each run")
    parser.add_argument("--patient", default=NUMBER, help="the hospital number in all messages")
    parser.add_argument("--mixed", action="store_true", help="many patients; new appointments, moves, repeats")
    print(json.dumps(run(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
