"""The hospital's senders (radiotherapy, billing, its own system): HL7 v2 over MLLP, one act of the story at a time.

    python -m integrator.sandbox.radiotherapy machine-down --aria HOST:PORT --kis HOST:PORT --fin HOST:PORT

prints one JSON line: how many were sent, the answers by code, and every answer that the story did not expect.
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from integrator.errors import RetryLater
from integrator.formats.hl7v2 import Acknowledgement, Frame, Unframer, acknowledgement, frame, glimpse
from integrator.sandbox.acts import Act, Sent
from integrator.sandbox.story import tell

Address = tuple[str, int]


class Sender:
    """One outgoing MLLP connection that sends each message until it is acknowledged, in order.

    A time-out, a closed connection and an answer to another message close the socket; what has no answer yet is sent
    again, at most `attempts` times without progress and `pause` seconds apart (then RetryLater). AE and AR are answers.
    """

    def __init__(self, host: str, port: int, timeout: float = 10.0, attempts: int = 20, pause: float = 0.25):
        self.address, self.timeout, self.attempts, self.pause = (host, port), timeout, attempts, pause
        self.resent = 0
        self._socket: socket.socket | None = None
        self._unframer = Unframer(1_000_000)
        self._answers: list[bytes] = []

    def send(self, data: bytes) -> Acknowledgement:
        """Sends one message and waits for its answer."""
        return self.send_all([data])[0]

    def send_all(self, messages: Sequence[bytes], ahead: int = 1) -> list[Acknowledgement]:
        """Sends all in order, at most `ahead` of them without an answer (1: stop and wait; more: pipelined)."""
        answers: list[Acknowledgement] = []
        failed = 0
        while len(answers) < len(messages):
            before = len(answers)
            try:
                self._exchange(messages, answers, ahead)
            except OSError as problem:
                self.close()
                failed = 1 if len(answers) > before else failed + 1
                if failed >= self.attempts:
                    raise RetryLater(f"no acknowledgement after {failed} attempts: {problem}") from problem
                self.resent += 1
                time.sleep(self.pause)
        return answers

    def send_raw(self, data: bytes) -> None:
        """Writes bytes as they are, without a frame and without waiting."""
        self._open().sendall(data)

    def receive(self) -> bytes:
        """The next whole answer, without its frame."""
        connection = self._open()
        while not self._answers:
            received = connection.recv(65_536)
            if not received:
                raise ConnectionError("the other side closed the connection")
            self._answers += [each.data for each in self._unframer.feed(received) if isinstance(each, Frame)]
        return self._answers.pop(0)

    def close(self) -> None:
        """Closes the connection; the next send opens another."""
        if self._socket:
            self._socket.close()
        self._socket, self._unframer, self._answers = None, Unframer(1_000_000), []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _exchange(self, messages: Sequence[bytes], answers: list[Acknowledgement], ahead: int) -> None:
        sent = len(answers)
        while len(answers) < len(messages):
            while sent < len(messages) and sent - len(answers) < ahead:
                self._open().sendall(frame(messages[sent]))
                sent += 1
            answer = acknowledgement(self.receive())
            wanted = glimpse(messages[len(answers)]).control_id
            if answer.control_id != wanted:
                raise ConnectionError(f"an answer to {answer.control_id}, not to {wanted}")
            answers.append(answer)

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self.address, self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


@dataclass
class Played:
    """What came of one act: answers by code, and each answer that the story did not expect, in a sentence."""

    act: str
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    resent: int = 0


def play(
    act: Act, addresses: dict[str, Address], ahead: int = 1, progress: Callable[[int], None] | None = None
) -> Played:
    """Sends an act's messages in order; `addresses` by source (aria, kis, fin), `progress` hears how many are sent."""
    played = Played(act.name)
    senders = {source: Sender(*address) for source, address in addresses.items()}
    try:
        for source, run in _runs(act):
            step = max(ahead, 1)
            for start in range(0, len(run), step):
                some = run[start : start + step]
                answers = senders[source].send_all([each.data for each in some], ahead)
                for sent, answer in zip(some, answers, strict=True):
                    played.sent += 1
                    played.answers[answer.code] += 1
                    if answer.code != sent.answer:
                        said = f"{answer.code} {answer.text or ''}".strip()
                        played.surprises.append(f"{answer.control_id}: answered {said}, expected {sent.answer}")
                if progress:
                    progress(played.sent)
        played.resent = sum(sender.resent for sender in senders.values())
    finally:
        for sender in senders.values():
            sender.close()
    return played


def _runs(act: Act) -> Iterable[tuple[str, list[Sent]]]:
    """Neighbouring messages of one source together, in order."""
    run: list[Sent] = []
    for sent in act.messages:
        if run and run[-1].source != sent.source:
            yield run[-1].source, run
            run = []
        run.append(sent)
    if run:
        yield run[-1].source, run


def main() -> None:
    """Plays one act of the story; exit 1 if an answer was not the expected one."""
    words = argparse.ArgumentParser(prog="python -m integrator.sandbox.radiotherapy", description=__doc__)
    acts = [*(act.name for act in tell().acts), "same-bytes", "same-facts"]
    words.add_argument("act", choices=acts, help="which act of the story")
    words.add_argument("--aria", required=True, help="HOST:PORT where the SIU messages go")
    words.add_argument("--kis", required=True, help="HOST:PORT where the ADT messages go")
    words.add_argument("--fin", required=True, help="HOST:PORT where the DFT messages go")
    words.add_argument("--ahead", type=int, default=1, help="messages under way at once")
    words.add_argument("--run", type=int, default=1, help="of same-bytes and same-facts: which time it is")
    said = words.parse_args()
    addresses = {}
    for source in ("aria", "kis", "fin"):
        host, _, port = getattr(said, source).rpartition(":")
        addresses[source] = (host, int(port))
    try:
        played = play(tell().act(said.act, said.run), addresses, said.ahead)
    except RetryLater as problem:
        raise SystemExit(f"{said.act}: {problem}") from problem
    print(json.dumps(vars(played)))
    raise SystemExit(1 if played.surprises else 0)


if __name__ == "__main__":
    main()
