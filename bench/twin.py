"""The same mapping written by hand: a scheduling message to an R4 Appointment, for the sandbox's site, without faces.

It is the yardstick of the hot path: what plain Python takes that knows its two forms. Times, URIs and unescaping are
the program's own, for anybody would use them; fields, choices, codes and the shape of the resource are written out.
It tells no place and no reason of what is wrong, keeps no lineage and no unmapped places, and knows one site. It is
compared with the faces over the measured message and all samples in tests/test_bench.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from integrator.formats.fhir.dates import write_instant
from integrator.formats.hl7v2 import STANDARD, Message, Segment
from integrator.formats.hl7v2.times import instants, parse_time, zone_of
from integrator.mapping.systems import V2_0203, code_system, local_uri, universal

INT = "https://integrator.example/fhir/"
KINDS = {
    **dict.fromkeys(("rt-fraction", "rt-plan", "rt-visit", "1287742003", "1297069006"), "radiotherapy"),
    "229065009": "exercise",
}
ACTIVITIES = {"rt-fraction": "fraction", "rt-plan": "planning", "rt-visit": "visit", "1297069006": "fraction"}
KIND_ORDER = ("radiotherapy", "exercise", "assessment")
ACTIVITY_ORDER = ("fraction", "planning", "visit", "other")
BY_EVENT = {"S17": "entered-in-error", "S15": "cancelled", "S16": "cancelled", "S26": "noshow"}
BY_CODE = {
    "booked": "booked", "pending": "pending", "waitlist": "waitlist", "started": "checked-in", "complete": "fulfilled",
    "cancelled": "cancelled", "discontinued": "cancelled", "dc": "cancelled", "deleted": "entered-in-error",
    "noshow": "noshow", "overbook": "booked",
}  # fmt: skip
SECONDS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hr": 3600, "d": 86400}


class Unreadable(Exception):
    """A message that the twin does not read: the faces hold it, or it is not of the common kind."""


def appointment(message: Message, zone: str, namespace: str) -> dict[str, Any]:
    """The Appointment that a message is about."""
    if message.delimiters != STANDARD:
        raise Unreadable("separators of its own")
    segments: dict[str, list[Segment]] = {}
    notes, owner = [], ""
    for segment in message.segments:
        name = segment.name
        segments.setdefault(name, []).append(segment)
        if name == "NTE":
            if owner == "SCH":
                notes.append(segment)
        elif name != "TQ1":
            owner = name
    msh, sch, pid = (segments[name][0] if name in segments else None for name in ("MSH", "SCH", "PID"))
    head = components(msh, 9)
    if part(head, 1) != "SIU":
        raise Unreadable("no scheduling message")
    event, sent = part(head, 2), part(components(msh, 7), 1)
    offset = sent[-5:] if len(sent) > 5 and sent[-5] in "+-" and sent[-4:].isdigit() else None
    status = status_of(event, part(components(sch, 25), 1))
    resource: dict[str, Any] = {"resourceType": "Appointment"}
    extensions = []
    if series := identifier(components(sch, 4), namespace):
        extensions.append({"url": INT + "series", "valueIdentifier": series})
    counts = components(sch, 7)
    for name, number in (("fraction", 1), ("fractions", 2)):
        digits = part(counts, number).strip()
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            extensions.append({"url": INT + name, "valuePositiveInt": int(digits)})
    services = segments.get("AIS", ())
    codes = [components(segment, 3) for segment in services]
    words = [part(one, 1).strip().casefold() for one in codes]
    if activity := strongest(words, ACTIVITIES, ACTIVITY_ORDER):
        extensions.append({"url": INT + "activity", "valueCode": activity})
    if extensions:
        resource["extension"] = extensions
    identifiers = []
    for kind, number in (("PLAC", 1), ("FILL", 2)):
        if found := identifier(components(sch, number), namespace):
            identifiers.append({"type": {"coding": [{"system": V2_0203, "code": kind}]}, **found})
    if identifiers:
        resource["identifier"] = identifiers
    resource["status"] = status or "booked"
    if status == "cancelled" and event in ("S15", "S16") and (reason := concept(components(sch, 6))):
        resource["cancelationReason"] = reason
    if kind := strongest(words, KINDS, KIND_ORDER):
        resource["serviceCategory"] = [{"coding": [{"system": INT + "kind", "code": kind}]}]
    if types := [one for code in codes if (one := concept(code))]:
        resource["serviceType"] = types
    if time := time_of(segments, sch, offset, zone):
        resource["start"], resource["end"] = write_instant(time[0]), write_instant(time[1])
    texts = [text for note in notes if (text := part(components(note, 3), 1)).strip() and text != '""']
    if texts:
        resource["comment"] = "\n".join([text.replace("\n", "\n\t") for text in texts])
    participants = []
    if patient := patient_of(pid, namespace):
        actor = {"type": "Patient", "identifier": patient}
        participants.append({"actor": actor, "status": "accepted"})
    if "AIL" in segments and (place := location(components(segments["AIL"][0], 3))):
        participants.append({"actor": place, "status": "accepted"})
    if participants:
        resource["participant"] = participants
    return resource


def components(segment: Segment | None, number: int, repetition: str | None = None) -> list[str]:
    """The components of the first repetition of a field, with subcomponents and escapes as sent."""
    if repetition is None:
        fields = segment.fields if segment is not None else []
        raw = fields[number] if number < len(fields) else ""
        repetition = raw.split("~", 1)[0] if "~" in raw else raw
    parts = repetition.split("^")
    if "\\" in repetition and segment is not None:
        parts = [segment.unescape(one) for one in parts]
    return parts


def part(parts: list[str], number: int, subcomponent: int = 1) -> str:
    """The text of a component."""
    text = parts[number - 1] if number <= len(parts) else ""
    if "&" in text:
        inner = text.split("&")
        text = inner[subcomponent - 1] if subcomponent <= len(inner) else ""
    elif subcomponent > 1:
        return ""
    return text


def word(parts: list[str], number: int, subcomponent: int = 1) -> str:
    """The trimmed text of a component; "" for HL7's null."""
    text = part(parts, number, subcomponent).strip()
    return "" if text == '""' else text


def status_of(event: str, code: str) -> str | None:
    """The status by the trigger, else by SCH-25; None: none is claimed."""
    code = code.strip().casefold() if code != '""' else ""
    if event in BY_EVENT:
        return BY_EVENT[event]
    if code:
        if code not in BY_CODE:
            raise Unreadable("a status that is not known")
        return BY_CODE[code]
    return "booked" if event in ("S12", "S13") else None


def strongest(words: list[str], meanings: dict[str, str], order: tuple[str, ...]) -> str | None:
    """Of several services what the appointment is; a service that is not known may be any of them."""
    found = [meanings[one] for one in words if one in meanings]
    if not found:
        return None
    best = min(found, key=order.index)
    return best if len(found) == len([one for one in words if one]) or best == order[0] else None


def identifier(parts: list[str], namespace: str) -> dict[str, Any] | None:
    """An EI as an Identifier."""
    value = word(parts, 1)
    return named(value, word(parts, 2), word(parts, 3), word(parts, 4), namespace) if value else None


def named(value: str, assigner: str, identity: str, kind: str, namespace: str) -> dict[str, Any]:
    """A value with what an HD says of who assigned it."""
    system = universal(identity, kind) if identity else None if assigner else namespace
    if system:
        found = {"system": system, "value": value}
        return {**found, "assigner": {"display": assigner}} if assigner else found
    return {"system": local_uri(assigner), "value": value} if assigner else {"value": value}


def patient_of(pid: Segment | None, namespace: str) -> dict[str, Any] | None:
    """The hospital's number (PID-3 of type MR), else the first of PID-3, else PID-2."""
    if pid is None:
        return None
    fields = pid.fields
    listed = fields[3].split("~") if len(fields) > 3 else []
    every = [components(pid, 3, one) for one in listed]
    chosen = [one for one in every if part(one, 5) == "MR"][:1] + every[:1] + [components(pid, 2)]
    for parts in chosen:
        if value := word(parts, 1):
            found = named(value, word(parts, 4), word(parts, 4, 2), word(parts, 4, 3), namespace)
            if kind := word(parts, 5):
                return {"type": {"coding": [{"system": V2_0203, "code": kind}]}, **found}
            return found
    return None


def location(parts: list[str]) -> dict[str, Any] | None:
    """The machine, its room and its house as a logical reference."""
    name, room, house = (text if (text := part(parts, n)) != '""' and text.strip() else "" for n in (1, 2, 4))
    known: dict[str, Any] = {"value": name} if name else {}
    if house:
        known["assigner"] = {"display": house}
    actor: dict[str, Any] = {"type": "Location"}
    if known:
        actor["identifier"] = known
    if room:
        actor["display"] = room
    return actor if len(actor) > 1 else None


def concept(parts: list[str]) -> dict[str, Any] | None:
    """A CWE as a CodeableConcept."""
    codings, label = [], ""
    for code, display, system in ((1, 2, 3), (4, 5, 6)):
        if value := word(parts, code):
            coding = {}
            if name := word(parts, system):
                coding["system"] = code_system(name) or local_uri(name)
            coding["code"] = value
            if text := word(parts, display):
                coding["display"] = text
            codings.append(coding)
        elif not label:
            label = word(parts, display)
    found: dict[str, Any] = {"coding": codings} if codings else {}
    if text := word(parts, 9) or ("" if codings else label):
        found["text"] = text
    return found or None


def time_of(
    segments: dict[str, list[Segment]], sch: Segment | None, offset: str | None, zone: str
) -> tuple[datetime, datetime] | None:
    """Start and end: by TQ1, by SCH-11, by the services, by the length in SCH."""
    if "TQ1" in segments:
        timing = segments["TQ1"][0]
        if begin := part(components(timing, 7), 1).strip():
            if end := part(components(timing, 8), 1).strip():
                return pair(at(begin, offset, zone), at(end, offset, zone))
            if length := components(timing, 6)[0]:
                start = at(begin, offset, zone)
                return start, start + duration(length, components(timing, 6)[1:2])
    old = components(sch, 11)
    if begin := part(old, 4).strip():
        if end := part(old, 5).strip():
            return pair(at(begin, offset, zone), at(end, offset, zone))
        if length := part(old, 3):
            start = at(begin, offset, zone)
            return start, start + duration(length, [])
    spans = []
    for segment in segments.get("AIS", ()):
        if not (begin := part(components(segment, 4), 1).strip()):
            continue
        if not (length := part(components(segment, 7), 1)):
            spans = []
            break
        start = at(begin, offset, zone)
        spans.append((start, start + duration(length, components(segment, 8))))
    if spans:
        return min(start for start, _ in spans), max(end for _, end in spans)
    if "AIS" in segments and (begin := part(components(segments["AIS"][0], 4), 1).strip()):
        if length := part(components(sch, 9), 1):
            start = at(begin, offset, zone)
            return start, start + duration(length, components(sch, 10))
        raise Unreadable("a start alone")
    return None


def at(text: str, offset: str | None, zone: str) -> datetime:
    """A time of the message with its offset, else that of MSH-7, else that of the zone."""
    stamp = parse_time(text)
    if stamp.precision not in ("second", "minute", "hour"):
        raise Unreadable("a day without a time")
    if stamp.offset or offset:
        return stamp.local.replace(tzinfo=zone_of(stamp.offset or offset or ""))
    found = instants(stamp, zone)
    if not found:
        raise Unreadable("a time in the hour that spring leaves out")
    return found[0]


def pair(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    if end < start:
        raise Unreadable("the end is before the start")
    return start, end


def duration(length: str, unit: list[str]) -> timedelta:
    name = unit[0].strip().lower() if unit and unit[0] else "min"
    if name not in SECONDS:
        raise Unreadable("a unit that is not known")
    return timedelta(seconds=float(length) * SECONDS[name])
