"""The studies that we make of registry records, judged by a validator that we did not write."""

from __future__ import annotations

import json

from integrator.mapping import load_faces
from integrator.records import CODES
from integrator.sandbox.registry.record import dispo
from tests.mapping.registry_documents import small, whole
from tests.peers.test_validator import mapped


def studied(document: dict) -> dict:
    faces = load_faces()
    said = faces.get("ctgov/study").read(document).said
    return json.loads(json.dumps(faces.get("fhir-r4/research-study").write(said)))


def test_every_registry_record_and_search_page_is_clean(judge, shared_data):
    studies = mapped(*sorted((shared_data / "registry" / "api-v2").glob("*.json")))
    assert len(studies) == 12
    for study in studies:
        assert judge(study) == [], json.dumps(study)


def test_the_trials_record_and_one_with_every_field_are_clean(judge):
    for document in (dispo(), whole()):
        assert judge(studied(document)) == []


def test_every_status_is_clean(judge):
    for word in CODES["Study"]["registry_status"]:
        assert judge(studied(small(overallStatus=word))) == [], word
