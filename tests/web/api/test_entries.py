"""Sessions and scores that programs enter: what is taken, what is refused and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from integrator.errors import RetryLater
from integrator.store import journal, people
from integrator.telemetry.logs import set_up_logs
from tests.houses import NUMBER, SetClock
from tests.web.api.conftest import SCORE, SESSION, SUBJECT, Program, programmed, texts

S01 = f"sessions/{SUBJECT}/S-01"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"pain_after": 11}, "pain_after", "pain VAS is a number from 0 to 10; 11 is not"),
        ({"pain_after": "3,5"}, "pain_after", "3,5 has a decimal comma; write 3.5"),
        ({"start": "03/04/2026"}, "start", "03/04/2026 can be read in two ways; write 2026-04-03 or 2026-03-04"),
        ({"start": "2026-03-11 10:00", "end": "2026-03-11 10:30"}, "start", "2026-03-11 10:00+01:00 is in the future"),
        ({"start": "2026-02-27 10:00", "end": None}, "end", "is empty; leave it out"),
        ({"program": "yoga"}, "program", "program is one of isometric-training, passive-therapy; 'yoga' is not"),
        ({"pain": 3}, "pain", None),
        ({"subject": "DISPO-9"}, "subject", "there is no participant with this subject code"),
        ({"subject": 7.5}, "subject", None),
        ({"start": "0001-01-01 00:00"}, "start", None),
        ({"start": "9999-12-31T23:59-12:00", "end": "9999-12-31T23:59-12:00"}, "start", None),
        ({"planned": {"start": "0001-01-01 00:00"}}, "planned", None),
        ({"key": "a b"}, "key", None),
        ({"status": "not-done"}, "reason", "say why it was not done"),
        ({"exercises": 3}, "exercises", "write a list of exercises, each with its name"),
        ({"exercises": None}, "exercises", "is empty; leave it out"),
        ({"exercises": [{"sets": 3}]}, "exercises.0.name", "which exercise was it?"),
        ({"exercises": [{"name": "x", "reps": 3}]}, "exercises.0.reps", None),
    ],
)
def test_what_is_refused_and_in_which_words(program: Program, change: dict[str, Any], field: str, words: str | None):
    refused = program.post("sessions", SESSION | change, 422)
    assert field in texts(refused)
    if words:
        assert texts(refused)[field] == words
    assert program.count("sessions") == program.count("messages?type=ExerciseSession") == 0


def test_everything_that_is_wrong_is_said_at_once(program: Program):
    refused = program.post("sessions", SESSION | {"pain_before": 12, "pain_after": "much", "colour": "red"}, 422)
    assert set(texts(refused)) == {"pain_after", "colour"}
    assert texts(refused)["colour"].startswith("there is no such field; ")
    assert refused["status"] == 422
    missing = program.post("sessions", {"subject": SUBJECT, "key": "S-02"}, 422)
    assert set(texts(missing)) >= {"status", "program"}
    assert set(texts(program.post("observations", {}, 422))) == {"subject"}


def test_a_name_that_another_session_has_is_not_written_over(program: Program):
    program.post("sessions", SESSION)
    refused = program.post("sessions", SESSION | {"pain_after": 1}, 428)
    assert refused["version"] == 1
    assert "to change it, send If-Match" in refused["detail"]
    assert program.get(S01)["record"]["pain_after"] == 3
    assert program.count("messages?type=ExerciseSession") == 1, "what was refused is no message"
    program.post("sessions", SESSION | {"pain_after": 1}, 412, if_match='"7"')
    assert program.post("sessions", SESSION | {"pain_after": 1}, 200, if_match='"1"')["version"] == 2


def test_a_correction_needs_the_version_that_was_seen(program: Program):
    program.post("sessions", SESSION)
    assert program.patch(S01, {"pain_after": 2}, 428)["version"] == 1
    assert program.patch(S01, {"pain_after": 2}, 412, if_match='W/"1"')["version"] == 1
    assert program.patch(S01, {"pain_after": 2}, 412, if_match='"0"')["version"] == 1
    changed = program.patch(S01, {"pain_after": 2, "why": "read the wrong line"}, if_match='"1"')
    assert (changed["version"], changed["record"]["pain_after"]) == (2, 2)
    assert program.patch(S01, {}, 422, if_match='"2"')["detail"].startswith("the body says nothing")
    assert program.patch(S01, {"pain_after": None}, if_match="*")["record"]["pain_after"] is None
    program.patch("sessions/nobody/S-9", {"pain_after": 2}, 404, if_match='"1"')


def test_a_session_that_was_entered_in_error_takes_its_scores_with_it(program: Program):
    program.post("sessions", SESSION)
    gone = program.patch(S01, {"status": "entered-in-error"}, if_match='"1"')
    assert gone["record"]["status"] == "entered-in-error"
    scores = program.get(f"observations?subject={SUBJECT}")["items"]
    assert {one["record"]["status"] for one in scores} == {"entered-in-error"}


def test_a_correction_sent_twice_under_one_name_is_done_once(program: Program):
    program.post("sessions", SESSION)
    named = {"if_match": '"1"', "idempotency_key": "mend-1"}
    first = program.patch(S01, {"pain_after": 2}, **named)
    assert program.patch(S01, {"pain_after": 2}, **named) == first, "not 412: it is the same request"
    program.patch(S01, {"pain_after": 5}, 422, **named)
    assert program.count("messages?type=ExerciseSession") == 2


def test_a_score_without_a_name_is_known_by_what_it_is_of(program: Program):
    made = program.post("observations", SCORE)
    assert made["key"] == f"{SUBJECT}/pain-vas/t0"
    assert program.post("observations", SCORE, 200)["version"] == 1
    program.post("observations", SCORE | {"value": 5}, 428)
    refused = program.post("observations", {"subject": SUBJECT, "instrument": "pain-vas", "value": 3}, 422)
    assert texts(refused)["time"].startswith("when was it assessed?")
    absent = {"subject": SUBJECT, "instrument": "ecog", "absent": "asked-declined", "time": "2026-03-09"}
    assert program.post("observations", absent)["record"]["absent"] == "asked-declined"


def test_what_the_consent_does_not_cover_is_not_taken(program: Program):
    refused = program.post("observations", SCORE | {"time": "2026-02-20"}, 422)
    assert texts(refused)["time"].startswith("2026-02-20 is before the consent")
    withdrawal = {"scope": "collection", "on": "2026-03-05"}
    program.post(f"participants/{SUBJECT}/withdrawal", withdrawal, 200)
    refused = program.post("observations", SCORE, 422)
    assert refused["detail"] == "the participant's consent does not cover this time; nothing of it may be kept"
    assert program.count("messages?type=Observation") == 0


@pytest.mark.parametrize(
    ("data", "type_", "code"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"pain_after": NaN}', "application/json", 400),
        (b'{"pain_after": 1e999}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"subject=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_bodies_that_are_none(program: Program, data: bytes, type_: str, code: int):
    answer = program.ask("POST", "sessions", code, data=data, content_type=type_)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == code


def test_addresses_and_methods_that_are_not_there(program: Program):
    for path in ("/api/v1/nothing", "/api/v2/sessions", "/api/nothing", "sessions/nobody", "appointments/1"):
        answer = program.ask("GET", path, 404)
        assert answer.mimetype == "application/problem+json"
    answer = program.ask("DELETE", "sessions", 405)
    assert answer.mimetype == "application/problem+json"
    assert "POST" in answer.headers["Allow"]
    program.ask("GET", f"appointments/{10**30}", 404)
    program.ask("GET", f"messages/{1 << 63}", 404)


def test_the_journal_names_who_did_it(program: Program):
    made = program.post("sessions", SESSION)
    with program.house.line.store.read() as tx:
        entries = journal.about(tx, "ExerciseSession", made["key"])
    assert [(one.actor, one.action) for one in entries if one.action == "entered"] == [("program", "entered")]


def test_a_store_that_cannot_be_used_is_not_now(program: Program):
    program.house.line.store.close()
    for method, more in (("GET", {}), ("POST", {"json": SESSION})):
        answer = program.ask(method, "sessions", 503, **more)
        assert (answer.mimetype, answer.headers["Retry-After"]) == ("application/problem+json", "5")
        assert RetryLater("the store is closed").reason in answer.json["detail"]


@dataclass
class Breaking(SetClock):
    """A clock that can break."""

    broken: bool = False

    def now(self) -> datetime:
        if self.broken:
            raise KeyError(NUMBER)
        return self.at


def test_a_fault_says_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    set_up_logs(json=True)  # onto this test's stderr
    clock = Breaking()
    with programmed(tmp_path, clock) as program:
        clock.broken = True
        answer = program.ask("POST", "sessions", 500, json=SESSION)
        clock.broken = False
        assert program.count("messages?type=ExerciseSession") == 0
    said = "".join(capsys.readouterr())
    assert answer.mimetype == "application/problem+json"
    assert "a fault of Integrator in the API" in said
    assert NUMBER not in answer.text + said


def test_a_note_that_names_the_hospital_number_does_not_say_it(program: Program):
    made = program.post("sessions", SESSION | {"note": "patient htest-0001 was tired (HTEST-00012)"})
    assert made["record"]["notes"] == ["patient [hospital number] was tired (HTEST-00012)"]


def test_of_a_patient_who_was_erased_no_text_is_left(program: Program):
    made = program.post("sessions", SESSION | {"note": "tired", "status": "stopped", "reason": "felt sick"})
    with program.house.line.store.write() as tx:
        participant = people.by_subject(tx, SUBJECT)
        assert participant is not None
        people.erase_patient(tx, participant.patient_id, program.house.clock.now())
    shown = program.get(made["href"])["record"]
    assert shown["pain_after"] == 3
    assert not {"notes", "reason"} & set(shown)
    refused = program.patch(made["href"], {"pain_after": 2}, 422, if_match='"1"')
    assert "was erased" in refused["detail"]


def test_pages_of_a_list(program: Program):
    for n in range(5):
        program.post("observations", SCORE | {"key": f"vas-{n}", "value": n})
    seen, after = [], ""
    while after is not None:
        page = program.get(f"observations?limit=2{after and '&after=' + after}")
        seen += [one["record"]["value"]["value"] for one in page["items"]]
        after = page["next"]
    assert seen == [0, 1, 2, 3, 4]
    answer = program.ask("GET", "observations?limit=2&subject=" + SUBJECT, 200)
    assert answer.headers["Link"].endswith('>; rel="next"')
    assert f"subject={SUBJECT}" in answer.headers["Link"]
    assert program.count("observations?limit=5") == 5
    assert [one["id"] for one in program.get("messages?limit=2")["items"]] == [6, 5]


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("limit=١", "limit"),
        ("after=x", "after"),
        ("subjct=DISPO-1", "subjct"),
        ("status=done", "status"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=9999-12-31", "to"),
        ("from=0001-01-01 00:00", "from"),
        ("subject=a&subject=b", "subject"),
    ],
)
def test_parameters_that_cannot_be_meant(program: Program, args: str, field: str):
    assert set(texts(program.get(f"observations?{args}", 422))) == {field}


def test_a_cursor_of_owed_rows_that_is_none(program: Program):
    for cursor in ("x", "W10=", "Ww==", "bnVsbA==", "WzEsMiwzXQ=="):
        assert set(texts(program.get(f"owed?after={cursor}", 422))) == {"after"}
