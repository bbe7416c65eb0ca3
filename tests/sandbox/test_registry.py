"""The sandbox registry answers as API v2 does; its record of the trial is true to its sources, and can change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from integrator.connectors.registry import Pace, RegistryClient
from integrator.errors import Refused, RetryLater
from integrator.formats.study_record import parse_study, study_model
from integrator.mapping import load_faces
from integrator.records.values import PartialDate
from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT, dispo


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxRegistry]:
    with SandboxRegistry(tmp_path_factory.mktemp("registry") / "registry.json", every=0) as found:
        yield found


@pytest.fixture
def client(registry: SandboxRegistry) -> RegistryClient:
    return RegistryClient(registry.base, Pace(every=0))


# the record


def test_the_record_is_one_of_the_registrys_schema():
    assert list(unknown("Study", dispo())) == []


def unknown(kind: str, node: object, path: str = ""):
    """What the schema does not have, or not as a list, or not this word."""
    for name, child in node.items() if isinstance(node, dict) else ():
        field = study_model().child(kind, name)
        here = f"{path}.{name}"
        if field is None or field.many != isinstance(child, list):
            yield here
            continue
        for one in child if isinstance(child, list) else [child]:
            if field.codes and one not in field.codes:
                yield f"{here} = {one}"
            yield from unknown(field.type, one, here)


def test_the_record_says_what_is_public_about_the_trial_and_that_it_is_reconstructed():
    said = load_faces().get("ctgov/study").read(dispo()).said
    assert (said["nct"], said["acronym"], said["status"], said["registry_status"]) == (
        NCT,
        "DISPO",
        "completed",
        "COMPLETED",
    )
    assert said["start"] == PartialDate("2011-09")
    assert said["completion"].text == "2013-09"
    assert (said["phase"], said["enrolled"], said["study_type"]) == ("phase-2", 60, "INTERVENTIONAL")
    assert [arm.name for arm in said["arms"]] == ["A: isometric training", "B: control"]
    assert (said["eligibility"].minimum_age, said["eligibility"].maximum_age) == ("18 Years", "80 Years")
    assert said["verified"].text < said["update"].submitted.text
    assert said["sponsor"].name == "Heidelberg University"
    assert said["description"].startswith("Reconstructed")
    assert said["has_results"] is False


# the API


def test_a_study_with_its_etag_and_nothing_when_it_did_not_change(client: RegistryClient):
    fetched = client.study(NCT)
    assert fetched is not None
    assert parse_study(fetched.data) == dispo()
    assert client.study(NCT, etag=fetched.etag) is None


def test_a_change_is_a_new_etag_and_a_new_build(client: RegistryClient, registry: SandboxRegistry):
    before, built = client.study(NCT), client.version()
    assert before is not None
    registry.change(NCT, {"statusModule.overallStatus": "TERMINATED", "statusModule.whyStopped": "no money"})
    after = client.study(NCT, etag=before.etag)
    assert after is not None
    status = parse_study(after.data)["protocolSection"]["statusModule"]
    assert (status["overallStatus"], status["whyStopped"]) == ("TERMINATED", "no money")
    assert status["lastUpdateSubmitDate"] > "2026-01-01"
    assert client.version().api == built.api
    registry.change(NCT, {"statusModule.whyStopped": None})
    last = client.study(NCT)
    assert last is not None
    assert "whyStopped" not in parse_study(last.data)["protocolSection"]["statusModule"]
    registry.put(dispo())


def test_an_alias_is_a_redirect(client: RegistryClient, registry: SandboxRegistry):
    study = dispo()
    study["protocolSection"]["identificationModule"]["nctIdAliases"] = ["NCT00000009"]
    registry.put(study)
    answer = requests.get(f"{registry.base}/studies/NCT00000009", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/api/v2/studies/{NCT}")
    fetched = client.study("NCT00000009")
    assert fetched is not None
    assert (fetched.nct, fetched.alias) == (NCT, "NCT00000009")
    registry.put(dispo())


@pytest.mark.parametrize(("number", "status"), [("NCT99999999", 404), ("NCT0", 400), ("DRKS00031294", 400)])
def test_errors_are_plain_text(registry: SandboxRegistry, number: str, status: int):
    answer = requests.get(f"{registry.base}/studies/{number}", timeout=5)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_number_is_found_as_the_description_allows_to_write_it(registry: SandboxRegistry):
    assert requests.get(f"{registry.base}/studies/nct1409720", timeout=5).json() == dispo()


def test_faults_are_ordered_one_for_each_request(client: RegistryClient, registry: SandboxRegistry):
    registry.fail({"status": 503, "retry_after": 0}, {"html": True}, {"cut": 100})
    for _ in range(3):
        with pytest.raises(RetryLater):
            RegistryClient(registry.base, Pace(every=0)).study(NCT)
    assert client.study(NCT) is not None


def test_a_record_that_is_gone(client: RegistryClient, registry: SandboxRegistry):
    registry.drop(NCT)
    with pytest.raises(Refused, match="no such study"):
        client.study(NCT)
    registry.put(dispo())


def test_who_hurries_is_told_to_wait_and_a_client_of_ours_does_not_hurry(tmp_path: Path):
    with SandboxRegistry(tmp_path / "registry.json") as registry:
        assert requests.get(f"{registry.base}/version", timeout=5).status_code == 200
        hurried = requests.get(f"{registry.base}/version", timeout=5)
        assert (hurried.status_code, hurried.headers["Retry-After"]) == (429, "1")
        patient = RegistryClient(registry.base)
        with pytest.raises(RetryLater):
            patient.version()
        assert patient.version().api
        assert patient.study(NCT) is not None
        assert [entry["status"] for entry in registry.log()] == [200, 429, 429, 200, 200]


def test_what_changed_stays_over_a_restart(tmp_path: Path):
    registry = SandboxRegistry(tmp_path / "registry.json", every=0)
    with registry:
        registry.change(NCT, {"designModule.enrollmentInfo.count": 58})
    with registry:
        fetched = RegistryClient(registry.base, Pace(every=0)).study(NCT)
    assert fetched is not None
    assert parse_study(fetched.data)["protocolSection"]["designModule"]["enrollmentInfo"]["count"] == 58
