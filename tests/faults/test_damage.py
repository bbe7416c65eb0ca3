"""Damage: a message whose bytes no longer open is held, and a serve that lost one of its threads ends and says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.processes import Installation
from tests.houses import house, siu


@pytest.mark.parametrize(("column", "reason"), [("body", "do not open"), ("body_key", "a wrapped key")])
def test_damaged_bytes_are_held_and_the_others_are_read(tmp_path, column, reason):
    with house(tmp_path) as here:
        here.receive(*(siu(control_id=f"M{number}", filler=f"F-{number}") for number in range(3)))
        with closing(sqlite3.connect(tmp_path / "integrator.db")) as disk, disk:
            disk.execute(f"update messages set {column} = zeroblob(length({column})) where control_id = 'M1'")
        here.read_all()
        assert here.states() == {"merged": 2, "held": 1}
        assert reason in here.message(2).reason


def test_a_serve_whose_reader_died_of_a_fault_ends_so_that_whoever_watches_sees(tmp_path):
    with Installation(tmp_path) as here:
        here.program = (str(Path(__file__).with_name("dies_once.py")),)
        here.start()
        (tmp_path / "die").write_text("faulty")
        assert here.process.wait(30) == 1
        assert "a part of serve ended by a fault" in here.said()
