"""Who is answered: everyone on this machine while there is no token, then whoever shows one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.errors import Rejected
from integrator.store import journal, tokens
from integrator.token_doings import Tokens
from tests.web.api.conftest import SESSION, SUBJECT, Program, programmed


@pytest.fixture
def program(each_store: str, tmp_path: Path) -> Iterator[Program]:
    with programmed(tmp_path) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_asked_for_once_there_is_one(program: Program):
    kept = Tokens(program.house.line)
    program.get("participants")
    made = kept.add("physio-app")
    assert made["token"].startswith("int_")
    assert made["ends_with"] == made["token"][-4:]
    for headers in ({}, bearer("int_wrong"), bearer(""), {"Authorization": "Basic cGh5c2lvOmFwcA=="}, bearer("ü")):
        answer = program.ask("GET", "participants", 401, headers=headers)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="Integrator"')
        assert answer.mimetype == "application/problem+json"
    program.ask("GET", "participants", 200, headers=bearer(made["token"]))
    program.ask("POST", "sessions", 401, json=SESSION)
    program.ask("POST", "sessions", 201, json=SESSION, headers=bearer(made["token"]))
    with program.house.line.store.read() as tx:
        actors = {
            one.actor for one in journal.about(tx, "ExerciseSession", f"{SUBJECT}/S-01") if one.action == "entered"
        }
        assert actors == {"physio-app"}
    kept.remove("physio-app")
    program.get("participants")


def test_one_program_s_name_of_a_request_is_not_another_s(program: Program):
    kept = Tokens(program.house.line)
    one, other = kept.add("one")["token"], kept.add("other")["token"]
    named = {"Idempotency-Key": "1"}
    program.ask("POST", "sessions", 201, json=SESSION, headers=bearer(one) | named)
    program.ask("POST", "sessions", 201, json=SESSION | {"key": "S-02"}, headers=bearer(other) | named)
    program.ask("POST", "sessions", 422, json=SESSION | {"key": "S-03"}, headers=bearer(other) | named)


def test_a_token_that_is_over_opens_nothing_to_anybody(program: Program):
    made = Tokens(program.house.line).add("physio-app", days=1)
    program.house.clock.on(days=2)
    answer = program.ask("GET", "participants", 401, headers=bearer(made["token"]))
    assert "was good until 2026-03-11" in answer.json["detail"]
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    program.ask("GET", "participants", 401)


def test_the_token_itself_is_kept_nowhere(program: Program):
    kept = Tokens(program.house.line)
    made = kept.add("physio-app")["token"]
    with program.house.line.store.read() as tx:
        (row,) = tokens.everyone(tx)
        told = str(journal.about(tx, "token", "physio-app"))
    assert made not in str(row) + told + str(kept.list())
    assert [(one["name"], one["ends_with"], one["expired"]) for one in kept.list()] == [
        ("physio-app", made[-4:], False)
    ]


def test_names_and_lives_that_a_token_may_not_have(program: Program):
    kept = Tokens(program.house.line)
    kept.add("physio-app")
    for name, days, words in (
        ("physio-app", 90, "there is a token physio-app already"),
        (" ", 90, "has 1 to 64 characters"),
        ("a\nb", 90, "has 1 to 64 characters"),
        ("x" * 65, 90, "has 1 to 64 characters"),
        ("other", 0, "1 to 366 days"),
        ("other", 367, "1 to 366 days"),
    ):
        with pytest.raises(Rejected, match=words):
            kept.add(name, days)
    with pytest.raises(Rejected, match="there is no token other"):
        kept.remove("other")


def test_the_document_is_shown_without_a_token(program: Program):
    Tokens(program.house.line).add("physio-app")
    for path in ("/api/", "/api/openapi.json"):
        assert SUBJECT not in program.ask("GET", path, 200).text
