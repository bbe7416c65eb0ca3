"""What an operator can get wrong: serve does not start, exit code 1, and one line on stderr says what to do."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from integrator.control import NAME, ask
from integrator.sandbox.radiotherapy import Sender
from tests.faults.processes import Installation, booking
from tests.houses import OTHER

Done = subprocess.CompletedProcess
ADD = ("participant", "add", "DISPO-HTEST-002", "--number", OTHER, "--second", "1960-01-01", "--consent", "2026-03-01")


@pytest.fixture
def here(tmp_path) -> Iterator[Installation]:
    with Installation(tmp_path, "http://127.0.0.1:9/fhir") as made:
        yield made


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> bytes:
    """A store that serve made, with keys of its own."""
    folder = tmp_path_factory.mktemp("store")
    with Installation(folder) as made:
        made.start(roles="schedule")
        made.stop()
    return (folder / "integrator.db").read_bytes()


WRONG: dict[str, tuple[Callable[[Installation], object], tuple[str, ...]]] = {
    "no configuration": (lambda here: (here.folder / "config.toml").unlink(), ("config.toml", "integrator init")),
    "an unknown key": (lambda here: here.write(look_every="look_evry"), ("config.toml:11", "look_evry", "look_every")),
    "listening to all": (lambda here: here.write(**{"127.0.0.1:0": "0.0.0.0:0"}), ("config.toml:9", "loopback")),
    "no site folder": (lambda here: here.write(sandbox="nowhere"), ("mappings/sites/nowhere",)),
    "no key file": (lambda here: (here.folder / "integrator.keys").unlink(), ("integrator.keys", "integrator init")),
    "open key file": (lambda here: (here.folder / "integrator.keys").chmod(0o644), ("0644", "chmod 600")),
    "a bad key": (lambda here: (here.folder / "integrator.keys").write_text("k1:AAAA\n"), ("integrator.keys", "32")),
    "no key in the environment": (
        lambda here: here.write(**{'folder = "."': 'folder = "."\nkeys = "env:NO_SUCH_KEYS"'}),
        ("env:NO_SUCH_KEYS", "missing"),
    ),
    "no secret": (lambda here: here.write(**{"timeout = 5.0": 'token = "env:NO_SUCH"'}), ("env:NO_SUCH", "missing")),
    "no database": (lambda here: (here.folder / "integrator.db").write_bytes(b"HTEST" * 999), ("not a database",)),
}


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> dict[str, tuple[Installation, Done]]:
    """What came of each mistake; two at a time, because most of the time is Python's start."""

    def attempt(case: str) -> tuple[Installation, Done]:
        here = Installation(tmp_path_factory.mktemp("mistake"), "http://127.0.0.1:9/fhir")
        mistake, _ = WRONG[case]
        mistake(here)
        return here, here.run("serve")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(WRONG, pool.map(attempt, WRONG), strict=True))


@pytest.mark.parametrize("case", WRONG)
def test_serve_does_not_start_and_says_in_one_line_what_to_do(tried, case):
    here, done = tried[case]
    _, says = WRONG[case]
    refused(here, done, *says)


def test_other_keys_than_the_stores(here, store):
    (here.folder / "integrator.db").write_bytes(store)
    refused(here, here.run("serve"), "keys", "its own key file")


def test_a_store_of_a_newer_release(here, store):
    (here.folder / "integrator.db").write_bytes(store)
    with closing(sqlite3.connect(here.folder / "integrator.db")) as database, database:
        database.execute("update alembic_version set version_num = '9999'")
    refused(here, here.run("serve"), "9999", "newer release")


def refused(here: Installation, done: Done, *says: str) -> None:
    """Exit code 1, one line on stderr with these words, and nothing that listens."""
    assert done.returncode == 1
    assert done.stdout == "", "said that it is ready"
    assert done.stderr.startswith("integrator: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for text in says:
        assert text in done.stderr
    assert not (here.folder / NAME).exists(), "left a control socket"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", here.port), timeout=1)


@pytest.mark.parametrize("part", ["mllp", "web"])
def test_an_address_that_another_program_has(here, part):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        old = f"127.0.0.1:{here.port}" if part == "mllp" else "127.0.0.1:0"
        here.write(**{old: f"127.0.0.1:{port}"})
        refused(here, here.run("serve"), f"127.0.0.1:{port}", "cannot listen")


def test_a_second_process_is_told_who_has_the_store_and_a_command_asks_the_first(here):
    told = here.start()
    refused_by_lock = here.run("serve")
    assert refused_by_lock.returncode == 1
    assert refused_by_lock.stdout == ""
    assert f"process {told['pid']} since 20" in refused_by_lock.stderr
    assert refused_by_lock.stderr.count("\n") == 1
    with Sender("127.0.0.1", here.port) as sender:
        assert sender.send(booking(1, 9, "A1")).code == "AA", "the first was disturbed"
    added = here.run(*ADD)
    assert added.returncode == 0, added.stderr
    assert subjects(here) == ["DISPO-HTEST-001", "DISPO-HTEST-002"]
    here.stop()
    assert not (here.folder / NAME).exists()


def test_after_kill_9_a_new_one_starts_at_once_and_a_command_before_it_opens_the_store_itself(here):
    here.start()
    here.kill()
    assert (here.folder / NAME).exists()
    assert here.run(*ADD).returncode == 0
    here.start()
    assert subjects(here) == ["DISPO-HTEST-001", "DISPO-HTEST-002"]


def subjects(here: Installation) -> list[str]:
    """Whom the running serve knows."""
    return [one["subject"] for one in ask(here.folder / NAME, "participant list")]
