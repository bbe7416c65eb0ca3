"""A command asks the running serve over the control socket."""

from __future__ import annotations

import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.control import Control, ask
from integrator.errors import CannotWrite, ConfigError, Rejected, RetryLater, Waiting


def add(subject: str, arm: str = "A") -> dict[str, str]:
    return {"added": subject, "arm": arm}


def refuse() -> None:
    raise Rejected("DISPO-001 is linked already")


def cannot() -> None:
    raise CannotWrite("Appointment.time in R4")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    control = Control(tmp_path / "control.sock", {"add": add, "refuse": refuse, "cannot": cannot})
    control.start()
    yield control.path
    control.stop()


def test_asks_and_is_answered(path: Path) -> None:
    assert ask(path, "add", subject="DISPO-001") == {"added": "DISPO-001", "arm": "A"}


def test_nobody_listens(tmp_path: Path) -> None:
    assert ask(tmp_path / "control.sock", "add", subject="DISPO-001") is None


def test_nobody_listens_after_the_end_nor_after_a_kill(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.sock", {})
    control.start()
    control.stop()
    assert not control.path.exists()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(control.path))
    left.close()  # the file stays, as after kill -9
    assert ask(control.path, "add", subject="DISPO-001") is None
    again = Control(control.path, {"add": add})
    again.start()
    assert ask(control.path, "add", subject="DISPO-002") == {"added": "DISPO-002", "arm": "A"}
    again.stop()


def test_only_the_owner_may_ask(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_error_there_is_the_same_error_here(path: Path) -> None:
    with pytest.raises(Rejected, match="DISPO-001 is linked already"):
        ask(path, "refuse")
    with pytest.raises(Waiting, match="time in R4"):
        ask(path, "cannot")


def test_unknown_commands_and_arguments_are_told(path: Path) -> None:
    with pytest.raises(Rejected, match="there is no command 'drop'; there are add, cannot, refuse"):
        ask(path, "drop")
    with pytest.raises(Rejected, match="add: got an unexpected keyword argument 'colour'"):
        ask(path, "add", subject="DISPO-001", colour="red")
    with pytest.raises(Rejected, match="add: missing a required argument: 'subject'"):
        ask(path, "add")


def test_what_is_no_request_is_told(path: Path) -> None:
    for line in (b"hello\n", b"[]\n", b'{"command": "add"}\n', b"7\n"):
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(path))
            asker.sendall(line)
            assert b"a request is one line of JSON" in asker.recv(1000)


def test_an_asker_that_leaves_does_not_end_the_listener(path: Path) -> None:
    for line in (b"", b'{"command": "add"'):
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(path))
            asker.sendall(line)
    assert ask(path, "add", subject="DISPO-003") is not None


def test_long_commands_hold_up_no_others(tmp_path: Path) -> None:
    go = threading.Event()
    control = Control(tmp_path / "control.sock", {"wait": lambda: go.wait(10), "add": add})
    control.start()
    answers: list[object] = []
    waiting = threading.Thread(target=lambda: answers.append(ask(control.path, "wait")))
    waiting.start()
    assert ask(control.path, "add", subject="DISPO-004") is not None
    assert not answers
    go.set()
    waiting.join(10)
    assert answers == [True]
    control.stop()


def test_a_server_that_dies_is_told(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()

        dying = threading.Thread(target=hang_up)
        dying.start()
        with pytest.raises(RetryLater, match="without an answer") as told:
            ask(path, "add", subject="DISPO-005")
        assert told.value.ambiguous
        dying.join()


def test_one_listener_only(path: Path) -> None:
    with pytest.raises(ConfigError, match="another process listens"):
        Control(path, {}).start()


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long"):
        Control(tmp_path / ("x" * 100) / "control.sock", {}).start()
