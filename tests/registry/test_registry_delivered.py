"""The study on its way to the EHR as a ResearchStudy, and the looks that the clock takes by itself."""

from __future__ import annotations

from pathlib import Path

from integrator.config import Target
from integrator.engine.clockwork import start_clockwork
from integrator.formats.fhir.validate import problems
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.registry.process import SandboxRegistry
from integrator.sandbox.registry.record import NCT
from tests.houses import wait_for
from tests.registry.registry_house import registry_house

# to the EHR


def target(ehr: SandboxEhr) -> Target:
    return Target(name="ehr", system="ehr", base=ehr.base, records=("Study",))


def test_the_study_reaches_the_ehr_and_changes_there(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "ehr.db") as ehr,
        registry_house(tmp_path, registry, (target(ehr),)) as house,
    ):
        house.look()
        house.deliver_all()
        assert [row.state for row in house.owed()] == ["delivered"]
        (held,) = ehr.holds("ResearchStudy")
        assert problems(held) == []
        assert (held["status"], held["period"]["start"]) == ("completed", "2011-09")
        house.look()
        registry.change(NCT, {"statusModule.overallStatus": "TERMINATED"})
        house.look()
        house.deliver_all()
        (after,) = ehr.holds("ResearchStudy")
        assert (after["id"], after["status"]) == (held["id"], "administratively-completed")


def test_an_ehr_that_cannot_take_studies_is_waited_for(tmp_path: Path, registry: SandboxRegistry):
    with (
        SandboxEhr(tmp_path / "ehr.db", settings="epic-like") as ehr,
        registry_house(tmp_path, registry, (target(ehr),)) as house,
    ):
        house.look()
        house.deliver_all()
        (row,) = house.owed()
        assert (row.state, row.reason) == ("waiting", "the target cannot write ResearchStudy")


# by the clock


def test_the_clock_looks_at_once_and_again_where_the_registry_asks_to_wait(tmp_path: Path, registry: SandboxRegistry):
    with registry_house(tmp_path, registry, every=3600) as house:
        registry.fail({"status": 503, "retry_after": 1})
        scheduler = start_clockwork(house.line)
        try:
            wait_for(lambda: len(house.versions()) == 1, seconds=10)
        finally:
            scheduler.shutdown()


def test_the_clock_looks_every_so_often(tmp_path: Path, registry: SandboxRegistry):
    with registry_house(tmp_path, registry, every=1) as house:
        scheduler = start_clockwork(house.line)
        try:
            wait_for(lambda: len(house.versions()) == 1, seconds=10)
            registry.change(NCT, {"statusModule.whyStopped": "no money"})
            wait_for(lambda: len(house.versions()) == 2, seconds=10)
        finally:
            scheduler.shutdown()
