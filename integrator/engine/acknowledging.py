"""Application acknowledgements of enhanced mode: sent to `ack_to` after a message was worked on, until taken."""

from __future__ import annotations

from datetime import timedelta

from integrator import identity
from integrator.arrival import UNDECODABLE
from integrator.config import Source, address
from integrator.connectors.mllp import MllpSender
from integrator.formats.hl7v2 import answer, build, charset_codec, header, parse
from integrator.line import Line
from integrator.security.keys import Unopenable
from integrator.store import acknowledgements, leases
from integrator.store.messages import Stored

BATCH = 20
LEASE = timedelta(minutes=5)  # how long one process alone sends to a source; it renews it while there is more


def acknowledge_some(line: Line, source: Source, sender: MllpSender, holder: str = "") -> int:
    """Sends what is due of one source; returns how many messages were looked at.

    Held is accepted, as on the first connection; only bytes that do not decode are an error. RetryLater: the other
    side did not take it, and it is sent again; its MSH-10 is made from ours, so that a second one is known as such.
    """
    with line.store.read() as tx:
        due = acknowledgements.wanted(tx, source.name, BATCH)
    if due and not line.store.alone:
        due = _alone(line, source, holder)
    for message in due:
        said = _acknowledgement(line, source, message)
        if said is not None:
            sender.send(said)
        with line.store.write() as tx:
            acknowledgements.done(tx, message.id)
    return len(due)


def _alone(line: Line, source: Source, holder: str) -> list[Stored]:
    """What is due, for this holder alone; nothing while another one sends."""
    now = line.clock.now()
    with line.store.write() as tx:
        mine = leases.take(tx, f"acknowledge {source.name}", holder, now, now + LEASE)
        return acknowledgements.wanted(tx, source.name, BATCH) if mine else []


def _acknowledgement(line: Line, source: Source, message: Stored) -> bytes | None:
    broken = message.state == "held" and (message.reason or "").startswith(UNDECODABLE) and message.answer == "AE"
    if message.ack_wanted == ("SU" if broken else "ER"):
        return None
    try:
        with line.store.read() as tx:
            data = identity.open_body(tx, line.keys, message)
    except Unopenable:
        return None  # erased meanwhile; its control id stands in the answer of the first connection
    head = header(data, charset_codec(source.charset))
    reason = message.reason or ""
    error = ("102", None, reason) if broken else None
    said = answer(
        head,
        "AE" if broken else "AA",
        reason if broken else None,
        error,
        control_id=f"ACK{message.id}",
        at=line.clock.now().astimezone(),
    )
    out = parse(said, head.codec)
    out.set("MSH-15", "AL")  # so that we know that it was taken
    out.set("MSH-16", "NE")
    return build(out)


def sender_to(source: Source) -> MllpSender:
    """The connection to a source's `ack_to`."""
    return MllpSender(*address(source.ack_to))
