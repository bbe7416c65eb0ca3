"""An EHR that is away and comes back: rows rest longer and longer, a burst is one write, nothing is doubled."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from integrator.config import Target
from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking, hours, made
from tests.houses import house, siu


@pytest.fixture
def here(tmp_path, ehr):
    target = Target(name="ehr", system="ehr", base=ehr.base, timeout=0.5)
    with house(tmp_path, (target,)) as opened:
        yield opened


def test_each_rest_is_twice_as_long_with_jitter_up_to_the_longest(here, ehr):
    seed = random.SystemRandom().randrange(2**32)
    here.line.chance.seed(seed)
    line = here.line.settings.line
    ehr.control(down=True)
    here.receive(siu())
    here.read_all()
    parts = []
    for attempt in range(1, 16):
        here.deliver_all()
        (row,) = here.owed()
        assert (row.state, row.attempts) == ("owed", attempt), f"seed {seed}"
        rest = (row.due_at - here.clock.now()).total_seconds()
        longest = min(line.longest_retry, line.first_retry * 2 ** (attempt - 1))
        assert longest / 2 <= rest <= longest, f"seed {seed}"
        parts.append(rest / longest)
        here.clock.at = row.due_at - timedelta(milliseconds=1)
        here.deliver_all()
        assert here.owed()[0].attempts == attempt, "tried before it was due"
        here.clock.at = row.due_at
    assert len({round(part, 6) for part in parts}) > 10, "no jitter"
    ehr.control(down=False)
    here.deliver_all()
    (row,) = here.owed()
    assert (row.state, row.attempts) == ("delivered", 0)
    assert made(ehr) == {"F-1": 1}


def test_a_burst_of_moves_while_it_is_away_is_one_write(here, ehr):
    ehr.control(down=True)
    for minute in range(5):
        start, end = f"202603121{minute}0000", f"202603121{minute}2000"
        here.receive(siu("S13", f"M{minute}", f"202603100910{minute:02}", start=start, end=end))
        here.read_all()
        here.deliver_all()
        here.clock.on(seconds=30)
    assert [row.state for row in here.owed()] == ["owed"]
    ehr.control(down=False)
    here.clock.on(minutes=10)
    here.deliver_all()
    assert hours(ehr) == {"F-1": 14}
    assert len([row for row in ehr.log() if row["wrote"]]) == 1


def test_a_dead_ehr_is_not_asked_for_each_of_many_rows(here, ehr):
    """Three put-offs in a row, and the others are left alone until the next look."""
    ehr.stop()
    here.receive(*(siu(control_id=f"M{number}", filler=f"F-{number}") for number in range(40)))
    here.read_all()
    here.deliver_all()
    assert sum(row.attempts for row in here.owed()) <= 3 * 3  # of three batches of sixteen
    assert {row.state for row in here.owed()} == {"owed"}
    ehr.start()
    for _ in range(10):
        here.clock.on(minutes=10)
        here.deliver_all()
    assert {row.state for row in here.owed()} == {"delivered"}
    assert made(ehr) == {f"F-{number}": 1 for number in range(40)}


def test_what_is_owed_outlives_a_death_of_serve_and_is_written_once_when_the_ehr_is_back(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(tmp_path, ehr.base) as here:
        ehr.stop()
        here.start()
        with Sender("127.0.0.1", here.port) as sender:
            for number in range(10):
                sender.send(booking(number, 9, f"A{number}"))
                sender.send(booking(number, 14, f"B{number}", "S13"))
        here.read()
        here.kill()
        here.start()
        assert here.counts()["owed"]["ehr"]["owed"] == 10
        ehr.start()
        here.rest()
        assert made(ehr) == {f"F-{number}": 1 for number in range(10)}
        assert hours(ehr) == {f"F-{number}": 14 for number in range(10)}
        assert ehr.summary()["changes"] == {"create Appointment": 10}
