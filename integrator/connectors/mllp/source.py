"""The MLLP listener: one thread looks after all connections and hands over whole messages, all that are there at once.

What arrived in one look goes to `receive` in one call, so that one commit covers it (group commit): while that
commit runs, the next messages gather. Answers go back in order, one for each message of a connection.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from integrator.connectors.mllp.connection import Connection
from integrator.connectors.mllp.endpoint import Endpoint, Port, bind
from integrator.errors import ConfigError, RetryLater
from integrator.formats.hl7v2.mllp import Frame, Junk, TooLong

# One look hands over at most this many messages; the rest waits in the sockets, which slows the senders down.
AT_ONCE = 512
# A sender that has sent FS and nothing for this long has forgotten the CR and waits for its answer.
PAUSE = 0.25
# After the last answer of a connection that we end, this long is read and thrown away: a close with unread bytes
# would reset the connection, and the sender would lose the answer that says why.
LINGER = 2.0
# With no file descriptor left, accepting again at once would only spin.
ACCEPT_AGAIN = 0.5
NOTHING = 0  # beside the selector's EVENT_READ and EVENT_WRITE


class Arrival(NamedTuple):
    """A message that came in. `too_long`: it was over the limit and `data` are only its first bytes."""

    source: str
    data: bytes
    peer: str
    too_long: bool = False


class Answer(NamedTuple):
    """What goes back for one arrival: bytes without frame, or nothing; `close` ends the connection after the last."""

    data: bytes | None
    close: bool = False


Receive = Callable[[list[Arrival]], list[Answer]]
Note = Callable[[str, str, int], None]


class MllpListener:
    """Listens on all endpoints with one thread.

    `receive` gets the arrivals of one look and gives one answer for each, in the same order, after they are safe.
    If it raises RetryLater, the connections are closed without an answer and the senders send again.
    `note(source, what, n)` counts what no message shows: "truncated", "junk", "over the limit", "answers not taken",
    "store busy", "connections refused". Both are called in the listener's thread; any other error of theirs ends it,
    and `alive` says so.
    """

    def __init__(
        self, endpoints: list[Endpoint], receive: Receive, note: Note | None = None, grace: float = 5.0
    ) -> None:
        self.endpoints = endpoints
        self.receive = receive
        self.note = note or (lambda source, what, n: None)
        self.grace = grace
        self._ports: list[Port] = []
        self._thread: threading.Thread | None = None
        self._connections: set[Connection] = set()
        self._timed: set[Connection] = set()  # those that wait for the clock
        self._accept_after = 0.0
        self._stopping = False

    def start(self) -> None:
        """Binds all endpoints, then starts the thread; raises ConfigError where an address cannot be had."""
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._stopping = False
        try:
            for endpoint in self.endpoints:
                self._ports.append(bind(endpoint))
        except ConfigError:
            self._close_all()
            raise
        for port in self._ports:
            self._selector.register(port.socket, selectors.EVENT_READ, port)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="mllp", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Takes no more messages, writes the answers that are owed (at most `grace` seconds), closes everything."""
        if self._thread is None:
            return
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake.send(b"!")
        self._thread.join()
        self._thread = None

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def port(self) -> int:
        """The port of the first endpoint."""
        return self._ports[0].number

    @property
    def ports(self) -> list[int]:
        """The ports, in the order of the endpoints."""
        return [port.number for port in self._ports]

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    # the thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._look()
            self._finish()
        finally:
            self._close_all()

    def _look(self) -> None:
        arrived: list[tuple[Connection, Arrival]] = []
        for key, mask in self._selector.select(self._patience()):
            owner = key.data
            if isinstance(owner, Port):
                self._accept(owner)
            elif isinstance(owner, Connection):
                if mask & selectors.EVENT_WRITE:
                    self._write(owner)
                elif len(arrived) < AT_ONCE:
                    arrived += self._read(owner)
        arrived += self._look_at_the_clock()
        if arrived:
            self._hand_over(arrived)

    def _patience(self) -> float | None:
        """How long to wait for something to happen: for ever, unless a connection is waiting for the clock."""
        return PAUSE / 2 if self._timed or self._accept_after else None

    def _look_at_the_clock(self) -> list[tuple[Connection, Arrival]]:
        now = time.monotonic()
        arrived: list[tuple[Connection, Arrival]] = []
        if self._accept_after and now >= self._accept_after:
            self._accept_after = 0.0
            for port in self._ports:
                self._selector.register(port.socket, selectors.EVENT_READ, port)
        for connection in list(self._timed):
            if connection.closes_at and now >= connection.closes_at:
                if connection.out:
                    self.note(connection.source, "answers not taken", 1)
                self._drop(connection)
            elif connection.ends_in_doubt and now - connection.heard_at >= PAUSE:
                arrived += self._sort(connection, connection.unframer.settle())
            if not (connection.ends_in_doubt or connection.closes_at):
                self._timed.discard(connection)
        return arrived

    def _accept(self, port: Port) -> None:
        endpoint = port.endpoint
        while not self._accept_after:
            try:
                accepted, address = port.socket.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:  # no file descriptor left
                self._accept_after = time.monotonic() + ACCEPT_AGAIN
                for each in self._ports:
                    self._selector.unregister(each.socket)
                self.note(endpoint.source, "connections refused", 1)
                return
            connection = Connection(accepted, endpoint.source, f"{address[0]}:{address[1]}", endpoint.max_frame)
            self._connections.add(connection)
            self._watch(connection)

    def _read(self, connection: Connection) -> list[tuple[Connection, Arrival]]:
        pieces, ended = connection.read()
        arrived = self._sort(connection, pieces)
        if ended:
            if connection.unframer.open and not connection.closing:
                self.note(connection.source, "truncated", 1)
            # What it sent before it closed its half is answered; then there is nobody left to listen to.
            connection.closing = True
            if arrived or connection.out:
                self._close_at(connection, time.monotonic() + self.grace)
            else:
                self._drop(connection)
        elif connection.ends_in_doubt:
            self._timed.add(connection)
        return arrived

    def _close_at(self, connection: Connection, moment: float) -> None:
        """The connection is closed at that moment at the latest."""
        connection.closes_at = min(connection.closes_at or moment, moment)
        self._timed.add(connection)
        self._watch(connection)

    def _sort(
        self, connection: Connection, pieces: Iterable[Frame | Junk | TooLong]
    ) -> list[tuple[Connection, Arrival]]:
        """Whole messages as arrivals; the rest is counted."""
        arrived: list[tuple[Connection, Arrival]] = []
        for piece in pieces:
            if isinstance(piece, Junk):
                self.note(connection.source, "junk", piece.size)
            elif isinstance(piece, TooLong):
                self.note(connection.source, "over the limit", 1)
                arrived.append((connection, Arrival(connection.source, piece.head, connection.peer, True)))
            else:
                arrived.append((connection, Arrival(connection.source, piece.data, connection.peer)))
        return arrived

    def _hand_over(self, arrived: list[tuple[Connection, Arrival]]) -> None:
        try:
            answers = self.receive([arrival for _, arrival in arrived])
        except RetryLater:
            for connection in {connection for connection, _ in arrived}:
                self.note(connection.source, "store busy", 1)
                self._drop(connection)
            return
        for (connection, _), answer in zip(arrived, answers, strict=True):
            connection.answer(answer.data, answer.close)
        for connection in {connection for connection, _ in arrived}:
            self._write(connection)

    def _write(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        if not connection.write():
            self.note(connection.source, "answers not taken", 1)
            self._drop(connection)
        elif connection.closing and not connection.out:
            self._let_go(connection)
        else:
            self._watch(connection)

    def _let_go(self, connection: Connection) -> None:
        """All is said: ends our half, then waits a moment for the sender to end its own."""
        if connection.heard_end or not connection.end_our_half():
            self._drop(connection)
            return
        self._close_at(connection, time.monotonic() + LINGER)

    def _watch(self, connection: Connection) -> None:
        """A connection whose answers wait to be written is not read: that is the back-pressure."""
        reading = NOTHING if connection.heard_end else selectors.EVENT_READ
        wanted = selectors.EVENT_WRITE if connection.out else reading
        if wanted == connection.watched:
            return
        if connection.watched == NOTHING:
            self._selector.register(connection.socket, wanted, connection)
        elif wanted == NOTHING:
            self._selector.unregister(connection.socket)
        else:
            self._selector.modify(connection.socket, wanted, connection)
        connection.watched = wanted

    def _drop(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._timed.discard(connection)
        if connection.watched != NOTHING:
            self._selector.unregister(connection.socket)
            connection.watched = NOTHING
        connection.close()

    def _finish(self) -> None:
        """Stopping: nothing more is read, what is owed is written."""
        until = time.monotonic() + self.grace
        for connection in list(self._connections):
            if not connection.out:
                self._drop(connection)
        while self._connections and time.monotonic() < until:
            for key, mask in self._selector.select(0.1):
                connection = key.data
                writes = isinstance(connection, Connection) and mask & selectors.EVENT_WRITE
                if writes and (not connection.write() or not connection.out):
                    self._drop(connection)

    def _close_all(self) -> None:
        for connection in list(self._connections):
            self._drop(connection)
        for port in self._ports:
            port.socket.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()
