"""One message whose bytes no longer open, being damaged on the disk: it is held, and the others go their way."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

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
