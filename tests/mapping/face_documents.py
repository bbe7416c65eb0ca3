"""Small messages for the tests of faces: one appointment, of which each test says only what matters to it."""

from __future__ import annotations

from integrator.formats.hl7v2 import Message, parse

HEAD = r"MSH|^~\&|ARIA|RT|EHR|H|{sent}||SIU^{event}^SIU_S12|1|P|2.5.1"


def siu(*segments: str, event: str = "S12", sent: str = "20260320100000", sch: str = "SCH|A1|F1") -> Message:
    """A scheduling message: MSH, SCH, a patient, and the segments that the test adds."""
    lines = [HEAD.format(event=event, sent=sent), sch, *segments]
    if not any(line.startswith("PID") for line in segments):
        lines.append("PID|1||4711^^^KIS^MR")
    return parse(("\r".join(lines) + "\r").encode(), "utf-8")


def sch(**fields: str) -> str:
    """An SCH with the fields that are named: sch(f1="A1", f25="Booked")."""
    values = {"f1": "A1", "f2": "F1"} | fields
    last = max(int(name[1:]) for name in values)
    return "SCH|" + "|".join(values.get(f"f{n}", "") for n in range(1, last + 1))


def adt(*segments: str, event: str = "A08") -> Message:
    """An ADT message."""
    lines = [r"MSH|^~\&|KIS|H|INT|H|20260320100000+0100||ADT^" + event + "^ADT_A01|1|P|2.5", *segments]
    return parse(("\r".join(lines) + "\r").encode(), "utf-8")
