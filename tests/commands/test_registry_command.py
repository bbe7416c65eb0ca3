"""integrator registry as a person types it: with and without a serve, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT
from tests.commands.test_commands import CONFIG, integrator, serving
from tests.houses import wait_for

SOURCE = """
[[source]]
name = "ctgov"
system = "ctgov"
kind = "registry"
zone = "Europe/Berlin"
nct = "NCT01409720"
base = "{base}"
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxRegistry]:
    with SandboxRegistry(tmp_path_factory.mktemp("registry") / "registry.json", every=0) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, registry: SandboxRegistry) -> Path:
    made = integrator(tmp_path, "init", ".")
    assert made.returncode == 0, made.stderr
    (tmp_path / "config.toml").write_text(CONFIG.format(target=SOURCE.format(base=registry.base)))
    return tmp_path


def test_look_then_diff_for_people(folder: Path):
    looked = integrator(folder, "registry", "look")
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.startswith("ctgov: NCT01409720: a new version (data of ")
    shown = integrator(folder, "registry", "diff", NCT)
    assert shown.returncode == 1, shown.stderr
    assert shown.stdout.splitlines()[0] == "NCT01409720, handed in 2014-03-19: COMPLETED, which is completed."
    assert "It is the first version that we have." in shown.stdout
    assert (
        "material     Status: the registry says completed, our participants are on study since 2026-03-02."
        in shown.stdout
    )
    assert "The verification (2011-08) is older than the last update (2014-03-19)." in shown.stdout


def test_diff_for_programs_while_serve_runs(folder: Path, registry: SandboxRegistry):
    def shows(status: str) -> bool:
        integrator(folder, "registry", "look")  # serve itself looks too: whoever is first has it
        shown = integrator(folder, "registry", "diff", NCT, "--json").stdout
        return bool(shown) and json.loads(shown)["status"]["registry"] == status

    with serving(folder):
        wait_for(lambda: shows("COMPLETED"), 60)
        registry.change(NCT, {"statusModule.overallStatus": "TERMINATED"})
        wait_for(lambda: shows("TERMINATED"), 60)
        found = json.loads(integrator(folder, "registry", "diff", NCT, "--json").stdout)
        assert found["status"] == {"registry": "TERMINATED", "normalised": "administratively-completed"}
        assert [one["sentence"] for one in found["changes"] if one["class"] == "material"] == [
            "Status changed from COMPLETED to TERMINATED."
        ]


def test_a_study_that_nobody_watches(folder: Path):
    shown = integrator(folder, "registry", "diff", "NCT02847754")
    assert shown.returncode == 1
    assert "no version of NCT02847754 is here" in shown.stderr


def test_a_registry_that_says_no(folder: Path, registry: SandboxRegistry):
    registry.fail({"status": 429, "retry_after": 30})
    looked = integrator(folder, "registry", "look")
    assert looked.returncode == 1
    assert "429 to read its version: the registry asks us to wait" in looked.stderr


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('nct = "NCT01409720"\nbase', 'nct = "NCT1"\nbase', "a registry source names the study it watches"),
        ('base = "http', 'base = "ftp', "is not the address of an API"),
        ('kind = "registry"', 'kind = "registry"\nevery = 0', "at least one second between two looks"),
        ('kind = "registry"', 'kind = "drks"', "is not one of mllp, registry"),
    ],
)
def test_a_source_that_cannot_be_is_refused_at_start(folder: Path, before: str, after: str, words: str):
    config = folder / "config.toml"
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    refused = integrator(folder, "registry", "look")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert "config.toml:" in refused.stderr
