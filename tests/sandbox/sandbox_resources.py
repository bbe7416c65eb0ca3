"""Small valid resources for the tests of the sandbox EHR."""

from __future__ import annotations

from typing import Any

SYSTEM = "urn:oid:2.16.840.1.113883.3.9999"


def patient(number: str, family: str = "HTEST-Müller") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": number}],
        "name": [{"family": family, "given": ["Änne"]}],
    }


def appointment(number: str, start: str = "2026-03-10T09:00:00+01:00", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "identifier": [{"system": SYSTEM, "value": number}],
        "status": "booked",
        "start": start,
        "end": start.replace(":00:00", ":10:00"),
        "participant": [{"actor": {"display": "somebody"}, "status": "accepted"}],
        **more,
    }
