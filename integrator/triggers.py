"""What is accepted and makes no record, in words: documents, blocked times, types that no face takes; pure."""

from __future__ import annotations

from integrator.formats.hl7v2 import Message

NO_FACE = "no face takes this type of message"
DOCUMENT = "a document: accepted, its text is not read"
SLOT = "time of a machine is blocked or opened again: no appointment of a patient"
SLOT_EVENTS = ("S23", "S24")
PARTIAL_EVENTS = ("S18", "S19", "S20", "S21", "S22")  # of one service or resource of an appointment
PARTIAL = "it says by action codes what changes of the services or places, not which there are"


def without_record(message: Message) -> str:
    """Why a message makes no record, before any face is asked; empty: a face may take it.

    HL7 v2.5.1 chapter 10: S23 and S24 speak of slots of a schedule, mostly without a patient. Table 0278, Blocked.
    """
    kind, event = message.get("MSH-9.1") or "", message.get("MSH-9.2") or ""
    if kind == "MDM":
        return DOCUMENT
    if kind == "SIU" and event in SLOT_EVENTS:
        named = any((message.get(place) or "").strip() for place in ("PID-3", "PID-2"))
        blocked = (message.get("SCH-25") or "").strip().casefold() == "blocked"
        return "" if named and not blocked else SLOT
    return ""


def unsaid(message: Message) -> tuple[str, ...]:
    """The fields of an appointment that a message does not say whole: S18 to S22 may name only the service or the place
    that changes, each with an action code (AIS-2, AIL-2, AIG-2; table 0206)."""
    if message.get("MSH-9.2") not in PARTIAL_EVENTS:
        return ()
    fields: list[str] = []
    if any(message.values("AIS[]-2")):
        fields += ["services", "kind", "activity"]
        if not message.get("TQ1-7") and not message.get("SCH-11.4"):
            fields.append("time")  # it would be the time of that service
    if any(message.values("AIL[]-2")) or any(message.values("AIG[]-2")):
        fields.append("place")
    return tuple(fields)
