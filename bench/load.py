"""The load generator: a process of its own that sends messages over MLLP and times every answer.

python -m bench.load --port 2575 --connections 32 --depth 1 --messages 20000
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import time
from collections import deque
from datetime import datetime

from bench.messages import NUMBER, Template

START, END = b"\x0b", b"\x1c\r"
SILENCE = 30.0  # seconds without any answer after which the run has failed


class Pipe:
    """One connection that keeps `depth` messages under way: every answer makes room for the next one."""

    def __init__(self, number: int, port: int, messages: int, name: str, template: Template):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.prefix = f"{name}{number:03d}".encode()
        self.template = template
        self.left_to_send = messages
        self.sent = 0
        self.under_way: deque[tuple[bytes, float]] = deque()
        self.seen = b""
        self.times: list[float] = []
        self.wrong = 0

    def send(self, n: int) -> None:
        """Up to n messages more, in one write."""
        n = min(n, self.left_to_send)
        if n <= 0:
            return
        frames, now = [], time.perf_counter()
        for _ in range(n):
            control_id = b"%s%06d" % (self.prefix, self.sent)
            self.sent += 1
            frames += (START, self.template.message(control_id), END)
            self.under_way.append((control_id, now))
        self.left_to_send -= n
        self.socket.sendall(b"".join(frames))

    def answers(self) -> int:
        """Takes what has come; how many answers it completes. ConnectionError: the other side closed."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the listener closed the connection")
        now = time.perf_counter()
        *whole, self.seen = (self.seen + data).split(END)
        for answer in whole:
            control_id, sent_at = self.under_way.popleft()
            self.times.append(now - sent_at)
            if b"\rMSA|AA|" + control_id not in answer:
                self.wrong += 1
        return len(whole)


def run(
    port: int, connections: int, depth: int, messages: int, name: str = "B01", patient: str = NUMBER
) -> dict[str, float | int]:
    """Sends them all and waits for every answer; messages a second, milliseconds, and what was not AA for its own."""
    template = Template(patient, datetime.now().astimezone().strftime("%Y%m%d%H%M%S%z"))
    pipes = [Pipe(n, port, messages // connections, name, template) for n in range(connections)]
    total, done = messages // connections * connections, 0
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe.socket, selectors.EVENT_READ, pipe)
        begin = time.perf_counter()
        for pipe in pipes:
            pipe.send(depth)
        while done < total:
            ready = selector.select(SILENCE)
            if not ready:
                raise TimeoutError(f"no answer for {SILENCE:.0f} seconds, {total - done} are missing")
            for key, _ in ready:
                got = key.data.answers()
                done += got
                key.data.send(got)
        seconds = time.perf_counter() - begin
    for pipe in pipes:
        pipe.socket.close()
    times = sorted(one for pipe in pipes for one in pipe.times)
    return {
        "connections": connections,
        "depth": depth,
        "messages": total,
        "seconds": round(seconds, 3),
        "per_second": round(total / seconds, 1),
        "p50_ms": round(times[len(times) // 2] * 1e3, 3),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1e3, 3),
        "max_ms": round(times[-1] * 1e3, 3),
        "wrong": sum(pipe.wrong for pipe in pipes),
    }


def main() -> None:
    """One run, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--depth", type=int, default=1, help="messages under way on each connection")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--name", default="B01", help="what the control ids begin with; another one for each run")
    parser.add_argument("--patient", default=NUMBER, help="the hospital number in all messages")
    print(json.dumps(run(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
