"""The folder of a demo: kept between runs, begun anew where it must be, and never shared by two."""

from __future__ import annotations

import json
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from integrator.commands.demo.command import acts_of
from integrator.commands.demo.ground import RUNS_A_DAY, Ground
from integrator.config import read_config
from integrator.errors import ConfigError
from integrator.sandbox.people import NUMBER_SYSTEM
from integrator.sandbox.story import Story


def test_the_configuration_is_one_that_serve_takes(tmp_path: Path, story: Story) -> None:
    with Ground(tmp_path / "demo", story) as ground:
        settings = read_config(ground.config)
        assert settings.folder == ground.folder
        assert (settings.integrator.processing_id, len(settings.participant)) == ("T", 12)
        assert {source.name: source.site for source in settings.source} == {
            "aria": "sandbox",
            "kis": "",
            "fin": "sandbox",
            "ctgov": "",
        }
        assert settings.target_named("ehr").patient_system == NUMBER_SYSTEM
        assert settings.target_named("ehr").base == f"http://127.0.0.1:{ground.ports['ehr']}/fhir"
        assert stat.S_IMODE((ground.folder / "integrator.keys").stat().st_mode) == 0o600


def test_a_later_run_finds_its_keys_its_store_and_its_ports(tmp_path: Path, story: Story) -> None:
    with Ground(tmp_path, story) as ground:
        ports, keys = ground.ports, (tmp_path / "integrator.keys").read_bytes()
        (tmp_path / "integrator.db").write_bytes(b"store")
        ground.remember(1)
    with Ground(tmp_path, story) as ground:
        assert (ground.runs, ground.ports, ground.began_because) == (1, ports, "")
        assert (tmp_path / "integrator.keys").read_bytes() == keys
        assert (tmp_path / "integrator.db").exists()


def test_a_port_that_is_taken_is_left_to_whoever_has_it(tmp_path: Path, story: Story) -> None:
    with Ground(tmp_path, story) as ground:
        ports = ground.ports
        ground.remember(1)
    with socket.create_server(("127.0.0.1", ports["kis"])), Ground(tmp_path, story) as ground:
        assert ground.ports["kis"] != ports["kis"]
        assert ground.ports["web"] == ports["web"]
        assert len(set(ground.ports.values())) == 6


@pytest.mark.parametrize(
    ("runs", "fresh", "changed", "because"),
    [
        (0, False, False, "the last run ended before the story did"),
        (1, False, True, "the story has changed"),
        (RUNS_A_DAY, False, False, "the story's day is over"),
        (1, True, False, "--fresh"),
    ],
)
def test_it_starts_from_nothing_and_says_why(
    tmp_path: Path, story: Story, runs: int, fresh: bool, changed: bool, because: str
) -> None:
    with Ground(tmp_path, story) as ground:
        ground.remember(runs)
    (tmp_path / "integrator.db-wal").write_bytes(b"store")
    (tmp_path / "mine.txt").write_text("not of the demo")
    told = replace(story, acts=story.acts[1:]) if changed else story
    with Ground(tmp_path, told, fresh) as ground:
        assert ground.runs == 0
        assert because in ground.began_because
        assert not (tmp_path / "integrator.db-wal").exists()
        assert (tmp_path / "mine.txt").exists()


def test_two_demos_cannot_share_a_folder(tmp_path: Path, story: Story) -> None:
    with Ground(tmp_path, story) as ground:
        ground.holds_lock({"demo": 11, "serve": 12})
        with pytest.raises(ConfigError, match="demo 11, serve 12"), Ground(tmp_path, story):
            pass
        assert json.loads((tmp_path / "memory.json").read_text())["runs"] == 0
    with Ground(tmp_path, story):
        pass


def test_later_runs_play_only_what_is_known_each_later_than_the_one_before(story: Story) -> None:
    first, second = acts_of(story, 1), acts_of(story, 2)
    assert [act.name for act in first] == [*(act.name for act in story.acts), "same-bytes", "same-facts"]
    assert [act.name for act in second] == ["same-bytes", "same-facts"]
    times = [act.at for run in range(1, RUNS_A_DAY + 1) for act in acts_of(story, run)]
    assert times == sorted(times)
    assert times[-1].date() == first[-1].at.date()
