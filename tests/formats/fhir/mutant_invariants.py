"""Faults that break what must hold between elements: the invariants of R4, those that validate.py does not know too."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from tests.formats.fhir.mutants import R4, Node, Place, fault

CODED = {"text": "HTEST"}
QUANTITY = {"value": 3, "unit": "Gy", "system": "http://unitsofmeasure.org", "code": "Gy"}
BARE = {"resourceType": "Basic", "id": "htest", "code": CODED}
EXTENSION = {"url": "https://htest.example/a", "valueString": "HTEST"}

# What is set in an object of the type; None takes away. Each breaks an invariant, or comes near it.
OF_TYPE: dict[str, list[Node]] = {
    "Period": [{"start": "2026-03-02", "end": "2026-03-01"}, {"start": "2026-03-02", "end": "2026"},
               {"start": "2026-03-02T10:00:00+02:00", "end": "2026-03-02T08:30:00Z"}, {"end": "1900-01-01"}],
    "Quantity": [{"system": None, "code": "Gy"}, {"comparator": "<"}, {"code": None}, {"value": None},
                 {"system": "http://unitsofmeasure.org", "code": "not a unit"}, {"unit": None}],
    "Range": [{"low": QUANTITY | {"value": 9}, "high": QUANTITY}, {"low": {"value": 9}, "high": {"value": 3}},
              {"low": QUANTITY | {"comparator": "<"}}],
    "Ratio": [{"numerator": None}, {"denominator": None}, {"numerator": None, "denominator": None}],
    "Attachment": [{"data": "SFRFU1Q=", "contentType": None}, {"size": -1}, {"contentType": "nonsense"}],
    "ContactPoint": [{"system": None, "value": "1"}, {"rank": 0}, {"value": None}],
    "Identifier": [{"system": "urn:ietf:rfc:3986", "value": "1"}, {"value": None}, {"type": {"coding": [{}]}}],
    "Coding": [{"system": None}, {"code": None}, {"userSelected": "true"}, {"version": "1"}],
    "Reference": [{"reference": "#nowhere"}, {"reference": None, "display": None, "identifier": None},
                  {"reference": "#", "display": None}],
    "Extension": [{"url": None}, {"extension": [EXTENSION], "valueString": "a"}, {"valueString": "a", "valueCode": "b"},
                  {"url": "relative"}, {"url": "https://htest.example/a#b"}],
    "Meta": [{"profile": ["https://htest.example/none"]}, {"profile": ["htest"]}, {"tag": [{"code": "x"}]},
             {"lastUpdated": "2026-03-02"}, {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}],
    "Narrative": [{"status": None}, {"div": None}, {"status": "empty"}],
    "Annotation": [{"text": None}, {"authorString": "a", "authorReference": {"display": "b"}}],
    "Age": [{"code": None}, {"value": -1}, {"system": "http://htest.example"}, {"code": "kg"}],
    "Duration": [{"code": None}, {"value": None}, {"system": None}, {"system": "http://htest.example"}, {"code": "kg"}],
    "Money": [{"currency": "HTE"}],
    "Timing.repeat": [
        {"duration": 3, "durationUnit": None}, {"duration": -3, "durationUnit": "h"}, {"period": 3, "periodUnit": None},
        {"period": -1, "periodUnit": "d"}, {"periodMax": 3, "period": None}, {"durationMax": 3, "duration": None},
        {"countMax": 3, "count": None}, {"offset": 3, "when": None}, {"offset": 3, "when": ["C"]}, {"when": ["HS"]},
        {"when": ["HS"], "timeOfDay": ["10:00:00"]}, {"count": 0}, {"durationUnit": "h", "duration": None},
        {"offset": 3, "when": ["C", "HS"]}, {"offset": 3, "when": ["HS"]}],
    "Dosage": [{"asNeededBoolean": True, "asNeededCodeableConcept": CODED}],
    "SampledData": [{"dimensions": 0}, {"data": None}, {"data": "x y"}, {"origin": QUANTITY | {"comparator": "<"}}],
    "Signature": [{"who": None}, {"type": []}, {"data": "a"}],
    "Appointment": [{"start": None}, {"end": None}, {"start": None, "end": None}, {"status": "noshow", "start": None},
                    {"cancelationReason": CODED}, {"status": "noshow", "cancelationReason": CODED},
                    {"status": "cancelled", "cancelationReason": CODED}, {"status": "waitlist", "start": None},
                    {"status": "proposed", "start": None, "end": None}, {"minutesDuration": 0},
                    {"start": "2026-03-02T10:00:00Z", "end": "2026-03-01T10:00:00Z"}],
    "Appointment.participant": [{"type": None, "actor": None}, {"status": None}, {"actor": {"reference": "Slot/1"}}],
    "AppointmentResponse": [{"participantType": None, "actor": None}, {"start": "2026"}],
    "AuditEvent.entity": [{"name": "a", "query": "SFRFU1Q="}, {"query": "SFRFU1Q="}],
    "Consent": [{"policy": None, "policyRule": None}, {"patient": None}, {"policyRule": None}],
    "Encounter": [{"class": None}, {"period": {"start": "2026-03-02", "end": "2026-03-01"}}],
    "Group": [{"actual": False}, {"type": "animal"}, {"quantity": -1}],
    "Observation": [
        {"dataAbsentReason": CODED}, {"valueString": "a"}, {"referenceRange": [{"appliesTo": [CODED]}]},
        {"component": [{"code": CODED, "valueString": "a", "dataAbsentReason": CODED}]}, {"component": [{}]},
        {"effectivePeriod": {"start": "2026-03-02", "end": "2026-03-01"}}, {"hasMember": [{"reference": "Patient/1"}]}],
    "Observation.component": [{"code": None}, {"dataAbsentReason": CODED}],
    "Observation.referenceRange": [{"low": None, "high": None, "text": None}, {"low": QUANTITY, "high": {"value": -1}}],
    "Organization": [{"name": None, "identifier": None}, {"name": None}, {"identifier": None},
                     {"address": [{"use": "home", "city": "HTEST"}]}, {"telecom": [{"use": "home"}]}],
    "Patient": [{"contact": [{"gender": "male"}]}, {"communication": [{"preferred": True}]}, {"link": [{}]},
                {"link": [{"other": {"reference": "Patient/2"}}]}, {"deceasedBoolean": True,
                "deceasedDateTime": "2026"}],
    "Patient.contact": [{"name": None, "telecom": None, "address": None, "organization": None}, {"telecom": None}],
    "Procedure": [{"status": "not-done"}, {"performedString": "a", "performedDateTime": "2026"}, {"status": None}],
    "Provenance": [{"target": []}, {"recorded": "2026"}, {"agent": []}],
    "ResearchStudy": [{"period": {"start": "2026", "end": "2025"}}, {"arm": [{}]}, {"objective": [{"name": "a"}]}],
    "ResearchSubject": [{"individual": None}, {"study": None}, {"status": "withdrew"}, {"assignedArm": 1}],
    "ServiceRequest": [{"code": None, "orderDetail": [CODED]}, {"orderDetail": [CODED]}, {"asNeededBoolean": 1},
                       {"intent": None}, {"subject": None}],
    "Subscription": [{"channel": {}}, {"criteria": None}, {"end": "2026-03-02"}],
    "OperationOutcome": [{"issue": []}, {"issue": [{"severity": "error"}]}],
    "Location": [{"position": {"longitude": 1}}, {"mode": "class"}, {"hoursOfOperation": [{"daysOfWeek": ["monday"]}]}],
    "CapabilityStatement": [{"kind": "instance"}, {"rest": None, "messaging": None, "document": None},
                            {"software": None},
                            {"kind": "requirements", "software": {"name": "a"}}, {"kind": "capability"},
                            {"name": "a b"}],
    "CapabilityStatement.rest.resource": [{"searchParam": [{"name": "a", "type": "token"}] * 2}, {"type": "Patient"}],
    "ConceptMap": [{"name": "a b"}, {"sourceUri": "a", "sourceCanonical": "https://x.example"}, {"status": None}],
    "ConceptMap.group.element.target": [{"comment": None, "equivalence": "narrower"}, {"equivalence": None},
                                        {"equivalence": "inexact", "comment": None}],
    "ConceptMap.group.unmapped": [{"mode": "fixed", "code": None}, {"mode": "other-map", "url": None}],
    "Bundle": [{"type": "collection", "total": 1}, {"type": "searchset"}, {"type": "history"}, {"type": "transaction"},
               {"type": "document"}, {"type": "message"}, {"type": "batch-response"}, {"total": 3}, {"type": "batch"}],
    "Bundle.entry": [{"fullUrl": None}, {"search": {"mode": "match"}}, {"request": {"method": "PUT", "url": "a"}},
                     {"resource": None}, {"fullUrl": "https://x.example/Patient/1/_history/2"},
                     {"fullUrl": "urn:uuid:7"},
                     {"response": {"status": "200"}}, {"fullUrl": "https://x.example/Patient/other"}],
    "Task": [{"authoredOn": "2026-03-02", "lastModified": "2026-03-01"}],
    "QuestionnaireResponse.item": [{"item": [{"linkId": "a"}], "answer": [{"valueString": "a"}]}],
}  # fmt: skip
CONTAINED: list[Callable[[Node], Any]] = [
    lambda inner: inner.update(contained=[copy.deepcopy(BARE)]),
    lambda inner: inner.update(meta={"versionId": "1"}),
    lambda inner: inner.update(meta={"lastUpdated": "2026-03-02T10:00:00Z"}),
    lambda inner: inner.update(meta={"security": [{"code": "R"}]}),
    lambda inner: inner.update(meta={"tag": [{"code": "R"}]}),
    lambda inner: inner.update(id="another"),
    lambda inner: inner.pop("id", None),
    lambda inner: inner.pop("resourceType"),
    lambda inner: inner.update(
        text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"}
    ),
]


@fault("invariant")
def invariant_of_an_inner_type(place: Place, draw: Random) -> bool:
    inside = (
        place.value[draw.randrange(len(place.value))] if isinstance(place.value, list) and place.value else place.value
    )
    changes = OF_TYPE.get(place.element.type)
    if changes is None or not isinstance(inside, dict):
        return False
    return _change(inside, draw.choice(changes))


@fault("invariant")
def invariant_of_the_resource(place: Place, draw: Random) -> bool:
    changes = OF_TYPE.get(place.root["resourceType"])
    return changes is not None and _change(place.root, draw.choice(changes))


@fault("invariant")
def object_of_that_type_is_added(place: Place, draw: Random) -> bool:
    """An element that is not there yet, of a type with invariants, made so that one is broken."""
    names = [e for e in R4.children(place.kind).values() if e.name not in place.node and e.type in OF_TYPE]
    if not names:
        return False
    element = draw.choice(names)
    added = {
        key: copy.deepcopy(value) for key, value in draw.choice(OF_TYPE[element.type]).items() if value is not None
    }
    if not added:
        return False
    place.node[element.name] = [added] if element.many else added
    return True


@fault("contained")
def what_a_contained_resource_may_not_be(place: Place, draw: Random) -> bool:
    inner = place.root.get("contained")
    if not inner:
        return False
    draw.choice(CONTAINED)(draw.choice(inner))
    return True


@fault("contained")
def contained_is_added(place: Place, draw: Random) -> bool:
    inner = copy.deepcopy(draw.choice([BARE, BARE | {"id": "a b"}, {"resourceType": "Patient"}, {"id": "a"}, {}, "x",
                                       BARE | {"code": None}, {"resourceType": "Nothing", "id": "a"}]))  # fmt: skip
    place.root["contained"] = [*place.root.get("contained", []), inner]
    if draw.random() < 0.6 and isinstance(inner, dict):
        url = f"#{inner.get('id', '')}"
        said = draw.choice([{"valueReference": {"reference": url}}, {"valueUri": url}, {"valueCanonical": url}])
        place.root["extension"] = [*place.root.get("extension", []), {"url": "https://htest.example/a"} | said]
    return True


@fault("extension")
def extension_is_added(place: Place, draw: Random) -> bool:
    inside = place.value[-1] if isinstance(place.value, list) and place.value else place.value
    if not isinstance(inside, dict) or place.element.type == "Resource":
        return False
    bad: list[Node] = [
        {"url": "https://x.example/a"}, {"valueString": "a"}, {"url": "a", "valueString": "a"}, {}, EXTENSION,
        {"url": "https://x.example/a", "valueString": ""}, {"url": "https://x.example/a", "valueNothing": "a"},
        {"url": "https://x.example/a", "value": "a"}, {"url": "https://x.example/a", "extension": []},
        {"url": "https://x.example/a", "extension": [{"url": "b", "valueCode": "c"}]},
        EXTENSION | {"extension": [EXTENSION]},
        {"url": "https://x.example/a", "extension": [{"url": "b"}]}, EXTENSION | {"id": "a"},
        {"url": "https://x.example/a", "id": "b"},
    ]  # fmt: skip
    name = draw.choice(["extension", "extension", "modifierExtension"])
    inside[name] = [*inside.get(name, []), copy.deepcopy(draw.choice(bad))]
    return True


def _change(node: Node, changes: Node) -> bool:
    before = dict(node)
    for name, value in changes.items():
        if value is None:
            node.pop(name, None)
        else:
            node[name] = copy.deepcopy(value)
    return node != before
