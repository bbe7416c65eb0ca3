"""The registry's JSON as structure, and the model of its Study schema against the OpenAPI description itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from integrator.errors import Held
from integrator.formats.study_record import nct_of, parse_page, parse_study, study_model, update_submitted

ROOT = Path(__file__).parents[3]


def reducer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reduce_ctgov", ROOT / "scripts" / "reduce_ctgov.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_facts_are_those_of_the_openapi_description(shared_data: Path, tmp_path: Path):
    out = tmp_path / "study.json"
    reducer().main(shared_data / "registry" / "schema" / "ctgov-api-v2.0.3-openapi.yaml", out)
    shipped = ROOT / "integrator" / "formats" / "study_record" / "study.json"
    assert out.read_text() == shipped.read_text()


def test_the_model_knows_types_lists_and_words():
    model = study_model()
    arms = model.child("ArmsInterventionsModule", "armGroups")
    assert arms is not None
    assert (arms.type, arms.many) == ("ArmGroup", True)
    status = model.child("StatusModule", "overallStatus")
    assert status is not None
    assert len(status.codes) == 14
    assert model.child("StatusModule", "nothing") is None
    assert "contactsLocationsModule.locations[].contacts[].phone" in model.leaves("ProtocolSection")
    assert "documentSection.largeDocumentModule.largeDocs[].size" in model.leaves("Study")


def test_every_record_of_the_shared_data_is_a_study_of_the_model(shared_data: Path):
    files = sorted((shared_data / "registry" / "api-v2").glob("NCT*.json"))
    assert files
    for file in files:
        study = parse_study(file.read_bytes())
        assert nct_of(study) == file.stem
        assert len(update_submitted(study) or "") == 10
        # The records are of other days than the description: one has a field that version 2.0.3 does not describe.
        assert set(unknown("Study", study)) <= {".derivedSection.miscInfoModule.modelPredictions"}


def test_both_search_pages_are_pages(shared_data: Path):
    folder = shared_data / "registry" / "api-v2"
    first, token = parse_page((folder / "search_phelan_limit5_20260811.json").read_bytes())
    assert (len(first), bool(token)) == (5, True)
    last, none = parse_page((folder / "search_phelan_limit50_20260811.json").read_bytes())
    assert (len(last), none) == (3, None)
    for study in (*first, *last):
        parse_study(orjson.dumps(study))


def unknown(kind: str, node: object, path: str = ""):
    """The paths of a document that the model does not have."""
    if isinstance(node, list):
        for one in node:
            yield from unknown(kind, one, path)
    elif isinstance(node, dict):
        for name, child in node.items():
            field = study_model().child(kind, name)
            if field is None or field.many != isinstance(child, list):
                yield f"{path}.{name}"
            elif not study_model().is_primitive(field.type):
                yield from unknown(field.type, child, f"{path}.{name}")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "bytes that are not JSON"),
        (b'{"protocolSection": {"identificationModule": {"nctId": "NCT0140', "bytes that are not JSON"),
        (b"<html><body>Bad gateway</body></html>", "bytes that are not JSON"),
        (b"[]", "JSON that is no object"),
        (b'{"studies": []}', "no protocolSection"),
        (b'{"protocolSection": {}}', "without an NCT number"),
        (b'{"protocolSection": {"identificationModule": {"nctId": 1409720}}}', "without an NCT number"),
        (b'{"protocolSection": {"identificationModule": {"nctId": "DRKS00031294"}}}', "without an NCT number"),
    ],
)
def test_what_is_no_study_is_held(data: bytes, reason: str):
    with pytest.raises(Held, match=reason):
        parse_study(data)


@pytest.mark.parametrize("data", [b"{}", b'{"studies": {}}', b'{"studies": [1]}', b"null"])
def test_what_is_no_page_is_held(data: bytes):
    with pytest.raises(Held):
        parse_page(data)


def test_an_empty_page_is_a_page():
    assert parse_page(b'{"studies": []}') == ([], None)
