"""HL7 v2.5.1 as the sandbox hospital writes it: SIU of the radiotherapy system, DFT of billing, ADT of the hospital.

The radiotherapy system writes ISO 8859-1 (MSH-18 `8859/1`) and local times without an offset; the hospital's own
system writes UTF-8. Neither is what a standard would recommend; both are what is met.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrator.formats.hl7v2 import Message, build
from integrator.sandbox.book import FACILITY, ROOMS, ZONE, Fraction
from integrator.sandbox.people import NUMBER_NAMESPACE, Person

SIU_STATUS = {"S12": "Booked", "S13": "Booked", "S14": "Complete", "S15": "Cancelled", "S26": "Noshow"}  # table 0278
ADT_STRUCTURE = {"A01": "ADT_A01", "A04": "ADT_A01", "A08": "ADT_A01", "A28": "ADT_A05", "A31": "ADT_A05"}


def local(at: datetime) -> str:
    """Berlin's wall clock to the second, without offset: as ARIA writes."""
    return at.astimezone(ZONE).strftime("%Y%m%d%H%M%S")


def siu(
    event: str,
    fraction: Fraction,
    at: datetime,
    control_id: str,
    *,
    why: str = "",
    note: str = "",
    activity: str = "RT-FRACTION^Bestrahlung",
    processing: str = "T",
    charset: str = "8859/1",
) -> bytes:
    """One scheduling message that says all of the appointment, in ISO 8859-1 whatever `charset` (MSH-18) says.

    `at` goes to MSH-7, `why` to SCH-6, `note` to the NTE behind SCH, `activity` (code^text) to AIS-3.
    """
    slot = fraction.slot
    start, end = local(slot.start), local(slot.end)
    message = Message.new(charset="iso8859-1")
    _msh(message, f"ARIA|{FACILITY}", at, f"SIU^{event}^SIU_S12", control_id, processing, charset)
    status = "" if event == "S14" and fraction.status != "fulfilled" else SIU_STATUS[event]
    sch = {2: f"{fraction.filler}^ARIA", 4: f"{fraction.series}^ARIA", 6: why, 7: f"{fraction.n}^{fraction.of}"}
    sch |= {9: str(slot.minutes), 10: "min", 25: status}
    _segment(message, "SCH", sch)
    _segment(message, "TQ1", {1: "1", 7: start, 8: end})
    if note:
        _segment(message, "NTE", {1: "1", 3: note})
    _pid(message, fraction.person)
    _segment(message, "RGS", {1: "1", 2: "A"})
    service = {1: "1", 2: "A", 3: f"{activity}^ARIA", 4: start, 7: str(slot.minutes), 8: "min"}
    _segment(message, "AIS", service)
    place = f"{slot.machine}^{ROOMS[slot.machine]}^^{FACILITY}"
    _segment(message, "AIL", {1: "1", 2: "A", 3: place})
    return build(message)


def dft(fraction: Fraction, at: datetime, control_id: str, kind: str = "CG", processing: str = "T") -> bytes:
    """One charge (CG) or credit (CD) of a fraction, in the billing system's ISO 8859-1; booked two days after it."""
    message = Message.new(charset="iso8859-1")
    _msh(message, f"FIN|{FACILITY}", at, "DFT^P03^DFT_P03", control_id, processing, "8859/1")
    _segment(message, "EVN", {1: "P03", 2: local(at)})
    _pid(message, fraction.person)
    day = fraction.slot.start.date()
    booked = (day + timedelta(days=2)).strftime("%Y%m%d")
    charge = {1: "1", 2: f"T-{fraction.filler}", 4: day.strftime("%Y%m%d"), 5: booked, 6: kind}
    charge |= {7: "RT-FRACTION^Bestrahlung^FIN", 10: "1", 16: f"{fraction.slot.machine}^^^{FACILITY}"}
    _segment(message, "FT1", charge)
    return build(message)


def adt(event: str, person: Person, at: datetime, control_id: str, processing: str = "T") -> bytes:
    """One message about who a patient is; its time is EVN-2 and MSH-7, with an offset."""
    when = at.astimezone(ZONE).strftime("%Y%m%d%H%M%S%z")
    message = Message.new(charset="utf-8")
    _msh(
        message,
        f"KIS|{NUMBER_NAMESPACE}",
        at,
        f"ADT^{event}^{ADT_STRUCTURE[event]}",
        control_id,
        processing,
        "UNICODE UTF-8",
    )
    message.segments[0].put(7, when)
    _segment(message, "EVN", {2: when})
    _pid(message, person)
    _segment(message, "PV1", {1: "1", 2: "I" if event == "A01" else "O" if event in ("A04", "A08") else "N"})
    return build(message)


def _msh(
    message: Message, sender: str, at: datetime, kind: str, control_id: str, processing: str, charset: str
) -> None:
    msh = message.segments[0]
    application, facility = sender.split("|")
    fields = {3: application, 4: facility, 5: "INTEGRATOR", 6: "DISPO", 7: local(at), 9: kind, 10: control_id}
    for number, raw in (fields | {11: processing, 12: "2.5.1", 18: charset}).items():
        msh.put(number, raw)


def _pid(message: Message, person: Person) -> None:
    number = f"{person.number}^^^{NUMBER_NAMESPACE}^MR"
    fields = {1: "1", 3: number, 5: f"{person.family}^{person.given}", 7: person.birth.strftime("%Y%m%d")}
    _segment(message, "PID", fields | {8: person.sex, 11: f"{person.street}^^Heidelberg^^69120^DE"})


def _segment(message: Message, name: str, fields: dict[int, str]) -> None:
    """A segment at the end; the texts are raw (components written out), and none of ours needs an escape."""
    segment = message.add(name)
    for number, raw in fields.items():
        if raw:
            segment.put(number, raw)
