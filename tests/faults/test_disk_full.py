"""A full disk: nobody gets an acknowledgement, nothing acknowledged is lost, it goes on when there is room again."""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integrator.sandbox.ehr.process import SandboxEhr
from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking, made, stored

Room = Callable[[], None]


@contextmanager
def limited(here: Installation) -> Iterator[tuple[Room, Room]]:
    """No file of the running serve may grow: SQLite is told "file too large" at its next page."""

    def fill() -> None:
        resource.prlimit(here.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def free() -> None:
        resource.prlimit(here.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    yield fill, free


@contextmanager
def filled(here: Installation) -> Iterator[tuple[Room, Room]]:
    """The disk of the store has not one block left: SQLite is told "no space"."""
    ballast = here.folder / "ballast"

    def fill() -> None:
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                return

    yield fill, lambda: ballast.unlink()


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 16 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("left out: a disk that can be filled needs the right to mount one")
    yield place
    subprocess.run(["umount", place], check=True)


def goes_on(here: Installation, ehr: SandboxEhr, full: Callable[..., object]) -> None:
    """Ten before, ten while the disk is full, ten after: all are there once, and none was answered too early."""
    answers: list[str] = []

    def send(first: int, last: int) -> None:
        with Sender("127.0.0.1", here.port, timeout=5.0, attempts=1000, pause=0.05) as sender:
            for number in range(first, last):
                answer = sender.send(booking(number, 9, f"A{number}"))
                answers.append(f"{answer.control_id} {answer.code}")

    here.start()
    send(0, 10)
    with full(here) as (fill, free):
        fill()
        sending = threading.Thread(target=send, args=(10, 20), daemon=True)
        sending.start()
        time.sleep(1.5)
        assert len(answers) == 10, "acknowledged although the disk is full"
        assert here.process.poll() is None, "serve ended"
        free()
        sending.join(30)
    send(20, 30)
    assert answers == [f"A{number} AA" for number in range(30)]
    here.rest()
    here.stop()
    assert {name: len(bodies) for name, bodies in stored(here.folder).items()} == {f"A{n}": 1 for n in range(30)}
    assert made(ehr) == {f"F-{n}": 1 for n in range(30)}


def test_no_file_may_grow_and_then_may_again(tmp_path):
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(tmp_path, ehr.base) as here:
        goes_on(here, ehr, limited)


def test_the_disk_is_full_and_then_is_not(tmp_path, small_disk):
    with SandboxEhr(tmp_path / "ehr.db") as ehr, Installation(small_disk, ehr.base) as here:
        goes_on(here, ehr, filled)
