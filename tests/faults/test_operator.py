"""What an operator can get wrong: a second process, a missing key or secret, a configuration that cannot be meant."""

from __future__ import annotations

import pytest

from integrator.security.keys import Keyring
from tests.faults.processes import Installation
from tests.houses import OTHER


@pytest.fixture
def here(tmp_path):
    with Installation(tmp_path) as made:
        yield made


def refused(here: Installation, *says: str) -> None:
    """serve ends with exit code 1 and one line that says what to do."""
    done = here.run("serve")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("integrator: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for text in says:
        assert text in done.stderr


def test_a_second_process_on_the_same_store_says_who_has_it(here):
    here.start()
    done = here.run("serve")
    assert done.returncode == 1
    assert f"process {here.pid}" in done.stderr
    added = here.run(
        "participant", "add", "DISPO-HTEST-002", "--number", OTHER, "--second", "1960-01-01", "--consent", "2026-03-01"
    )
    assert added.returncode == 0, added.stderr
    assert here.counts()["records"] == 0


def test_after_kill_9_a_new_one_starts_at_once(here):
    for _ in range(3):
        here.start()
        here.kill()
    here.start()


def test_an_unknown_key_is_named_with_its_line(here):
    here.write(look_every="look_evry")
    refused(here, "config.toml:", "look_evry")


def test_a_missing_key_file(here):
    (here.folder / "integrator.keys").unlink()
    refused(here, "integrator.keys", "integrator init")


def test_a_key_file_that_others_may_read(here):
    (here.folder / "integrator.keys").chmod(0o644)
    refused(here, "chmod 600")


def test_other_keys_than_the_stores(here):
    here.start()
    here.stop()
    (here.folder / "integrator.keys").unlink()
    Keyring.make(here.folder / "integrator.keys")
    refused(here, "keys")


def test_a_missing_secret(tmp_path):
    with Installation(tmp_path, "http://127.0.0.1:9/fhir") as here:
        here.write(**{"timeout = 5.0": 'token = "env:NO_SUCH_TOKEN"'})
        refused(here, "NO_SUCH_TOKEN")


def test_a_site_without_a_folder(here):
    here.write(sandbox="nowhere")
    refused(here, "mappings/sites/nowhere")
