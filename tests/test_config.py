"""The configuration: every setting is documented, every mistake is named with its line."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from integrator.config import (
    General,
    LineSettings,
    ParticipantSettings,
    Source,
    StudySettings,
    Target,
    Web,
    read_config,
    secret,
)
from integrator.errors import ConfigError

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
TABLES = {
    "study": StudySettings,
    "integrator": General,
    "web": Web,
    "line": LineSettings,
    "source": Source,
    "target": Target,
    "participant": ParticipantSettings,
}
LINE = re.compile(r"^(?P<default># )?(?P<key>\w+) = (?P<value>.+?)\s+# (?P<sentence>.{15,})$")


def documented():
    """table -> {key: (is a default, value as written)} of the example file."""
    found, table = {}, ""
    for line in EXAMPLE.read_text().splitlines():
        if head := re.match(r"^\[+(\w+)\]+", line):
            table = head[1]
            found[table] = {}
        elif setting := LINE.match(line):
            found[table][setting["key"]] = (bool(setting["default"]), setting["value"])
    return found


def test_every_setting_stands_in_the_example_with_its_default_and_a_sentence():
    shown = documented()
    for table, model in TABLES.items():
        assert set(shown[table]) == {f.name for f in fields(model)}, table
        for f in fields(model):
            is_default, value = shown[table][f.name]
            assert is_default == (f.default is not MISSING), f"[{table}] {f.name}"
            if is_default:
                assert value == toml(f.default), f"[{table}] {f.name}"


def toml(value) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).replace("_", "")


def test_the_example_is_a_configuration():
    settings = read_config(EXAMPLE)
    assert settings.source[0].zone == "Europe/Berlin"
    assert settings.owner("Appointment", "time") == "aria"


def written(tmp_path, text) -> Path:
    place = tmp_path / "config.toml"
    place.write_text(text)
    return place


STUDY = '[study]\nnct = "NCT01409720"\ntitle = "DISPO"\n'
SOURCE = '[[source]]\nname = "aria"\nsystem = "aria"\nzone = "Europe/Berlin"\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (STUDY + "[line]\nkeep_unwantd = 3\n", 5, "unknown key line.keep_unwantd"),
        (STUDY + "[lin]\nx = 3\n", 4, "unknown key lin"),
        (STUDY + '[line]\nworkers = "two"\n', 5, "expected a whole number"),
        (STUDY + SOURCE.replace("Europe/Berlin", "Europe/Heidelberg"), 7, "not an IANA time zone"),
        (STUDY + SOURCE + 'key = "both"\n', 8, "filler, placer"),
        (STUDY + SOURCE + 'listen = "0.0.0.0:2575"\n', 8, "only the loopback"),
        (STUDY + SOURCE + 'listen = "127.0.0.1:8480"\n', 8, "two listen on 127.0.0.1:8480"),
        (STUDY + '[integrator]\nclock = "story"\n', 5, "clock is for the sandbox"),
        (STUDY + "[line\n", 4, "not TOML"),
        (STUDY + '[[source]]\nname = "aria"\nsystem = "aria"\n', 4, "source.zone is missing"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, line, says):
    with pytest.raises(ConfigError) as wrong:
        read_config(written(tmp_path, text))
    assert says in wrong.value.text
    assert wrong.value.line == line


def test_two_sources_of_one_name_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="two \\[\\[source\\]\\] are named 'aria'"):
        read_config(written(tmp_path, STUDY + SOURCE + SOURCE))


PARTICIPANT = '[[participant]]\nsubject = "{}"\nnumber = "{}"\nsecond = "1957-03-12"\nconsent = 2026-03-02\n'


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (("DISPO-HTEST-001", "HTEST-0002"), "two [[participant]] have the subject code 'DISPO-HTEST-001'"),
        (("DISPO-HTEST-002", " htest-0001"), "DISPO-HTEST-001 and DISPO-HTEST-002 have one hospital number"),
    ],
)
def test_a_participant_twice_is_refused_and_no_number_is_told(tmp_path, second, says):
    text = STUDY + PARTICIPANT.format("DISPO-HTEST-001", "HTEST-0001") + PARTICIPANT.format(*second)
    with pytest.raises(ConfigError) as wrong:
        read_config(written(tmp_path, text))
    assert says in wrong.value.text
    assert "HTEST-000" not in wrong.value.text.upper().replace("DISPO-HTEST", "")
    assert wrong.value.line


def test_a_missing_secret_names_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("EHR_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="EHR_TOKEN is missing"):
        secret("env:EHR_TOKEN", tmp_path)
    with pytest.raises(ConfigError, match=r"file:token is missing"):
        secret("file:token", tmp_path)
    (tmp_path / "token").write_text("abc\n")
    assert secret("file:token", tmp_path) == "abc"
