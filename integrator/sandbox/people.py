"""The people of the sandbox hospital: twelve participants of the trial and forty patients who are none of its business.

Everybody is invented; family names begin with HTEST.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

NUMBER_SYSTEM = "https://htest.example/patient-number"  # the hospital number at the EHR
NUMBER_NAMESPACE = "HTEST"  # the same in HL7 v2, PID-3.4
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"


@dataclass(frozen=True)
class Person:
    """Somebody with a hospital number; `subject`, `arm` and `consent` only where the person is in the trial."""

    number: str
    family: str
    given: str
    birth: date
    sex: str  # HL7 table 0001: F, M
    street: str = ""
    subject: str = ""
    arm: str = ""
    consent: date | None = None


def _participant(n: int, arm: str, family: str, given: str, sex: str, birth: str, consent: str, street: str) -> Person:
    return Person(
        number=f"H17{n:05d}",
        family=f"HTEST-{family}",
        given=given,
        birth=date.fromisoformat(birth),
        sex=sex,
        street=street,
        subject=f"DISPO-{n:03d}",
        arm=arm,
        consent=date.fromisoformat(consent),
    )


PARTICIPANTS = (
    _participant(9, "B", "Brandt", "Günter", "M", "1949-05-21", "2026-02-23", "Am Büchel 4"),
    _participant(10, "A", "Weiß", "Änne", "F", "1961-11-02", "2026-02-23", "Blütenweg 17"),
    _participant(11, "A", "Schäfer", "Jürgen", "M", "1958-01-30", "2026-02-24", "Schloßberg 2"),
    _participant(12, "B", "Jäger", "Ingrid", "F", "1953-09-14", "2026-02-25", "Römerstraße 88"),
    _participant(13, "B", "Hoffmann", "Dieter", "M", "1946-12-08", "2026-02-24", "Ährenweg 3"),
    _participant(14, "B", "Öztürk", "Aygül", "F", "1967-04-17", "2026-02-25", "Bergstraße 120"),
    _participant(15, "A", "Krämer", "Björn", "M", "1972-08-25", "2026-02-26", "Mühltalstraße 9"),
    _participant(16, "A", "Lehmann", "Ute", "F", "1955-03-12", "2026-03-04", "Plöck 41"),
    _participant(17, "A", "Becker", "Karin", "F", "1950-06-03", "2026-02-24", "Gartenstraße 6"),
    _participant(18, "A", "Vogel", "Hans-Peter", "M", "1944-10-19", "2026-02-26", "Zähringerstraße 30"),
    _participant(19, "B", "Größler", "Brigitte", "F", "1959-07-07", "2026-03-04", "Höhenweg 1"),
    _participant(20, "A", "Nowak", "Piotr", "M", "1963-02-28", "2026-03-05", "Kirchstraße 12"),
)

_GIVEN = ("Erika", "Jörg", "Käthe", "Rüdiger", "Sören", "Bärbel", "Uwe", "Grete")
OTHERS = tuple(
    Person(
        number=f"H90{n:05d}",
        family=f"HTEST-Fremd{n:02d}",
        given=_GIVEN[n % len(_GIVEN)],
        birth=date(1935 + n, 1 + n % 12, 1 + n % 28),
        sex="FM"[n % 2],
        street=f"Feldstraße {n}",
    )
    for n in range(1, 41)
)


def patient_resource(person: Person) -> dict[str, Any]:
    """The hospital's own FHIR R4 Patient of a person, with its hospital number (MR); the id is always the same."""
    return {
        "resourceType": "Patient",
        "id": f"htest-{person.number.lower()}",
        "identifier": [
            {
                "use": "usual",
                "type": {"coding": [{"system": V2_0203, "code": "MR"}]},
                "system": NUMBER_SYSTEM,
                "value": person.number,
            }
        ],
        "active": True,
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "gender": {"F": "female", "M": "male"}[person.sex],
        "birthDate": person.birth.isoformat(),
    }
