"""Every answer that an EHR may give, and every way not to answer, has one clear outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from integrator.connectors.fhir_client import Abilities, FhirSession, FhirTarget
from integrator.connectors.fhir_client.abilities import read_abilities
from integrator.errors import Refused, RetryLater, Waiting
from tests.connectors.fhir_client.standin_ehr import Canned, Ehr, outcome

OURS = ("https://aria.example/appointments", "F-1")
FRESH: dict[str, Any] = {
    "resourceType": "Appointment",
    "identifier": [{"system": OURS[0], "value": OURS[1]}],
    "status": "booked",
    "participant": [{"actor": {"display": "HTEST-Müller"}, "status": "accepted"}],
}
FHIR = {"Content-Type": "application/fhir+json"}
HTML = (b"<html><body>Please log in</body></html>", {"Content-Type": "text/html; charset=utf-8"})


def write(target: FhirTarget) -> None:
    target.write("Appointment", FRESH, OURS, None, lambda held: {**held, **FRESH})


def canned(status: int, code: str = "processing", **headers: str) -> Canned:
    return (
        status,
        {**FHIR, **{name.replace("_", "-"): text for name, text in headers.items()}},
        orjson.dumps(outcome(code)),
    )


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (400, Refused, r"^400 to create Appointment \(processing\): the target refuses$"),
        (401, RetryLater, "does not accept our credentials"),
        (403, Refused, "^403"),
        (404, Refused, "no such address at this base"),
        (405, Waiting, "^the target cannot create Appointment$"),
        (410, Refused, "^410"),
        (415, Refused, "^415"),
        (422, Refused, "^422"),
        (429, RetryLater, "asks us to wait"),
        (500, RetryLater, "has failed"),
        (501, Waiting, "cannot create Appointment"),
        (502, RetryLater, "has failed"),
        (503, RetryLater, "asks us to wait"),
        (504, RetryLater, "has failed"),
        (302, RetryLater, "has moved"),
    ],
)
def test_statuses_of_a_write(ehr: Ehr, target: FhirTarget, status: int, error: type, says: str) -> None:
    ehr.canned["POST"] = [canned(status)]
    with pytest.raises(error, match=says) as caught:
        write(target)
    if isinstance(caught.value, Refused):
        assert caught.value.outcome == outcome("processing")
    if isinstance(caught.value, RetryLater):
        assert caught.value.ambiguous == (status in (500, 502, 504))
    assert ehr.held == {}


def test_an_operator_gets_time_to_mend_the_token(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["POST"] = [canned(401, "login")]
    with pytest.raises(RetryLater) as caught:
        write(target)
    assert caught.value.after == 300


@pytest.mark.parametrize("status", [409, 412])
def test_a_conditional_create_that_loses_goes_on_with_the_winner(ehr: Ehr, target: FhirTarget, status: int) -> None:
    """Eight clients post the same identifier at once: HAPI lets one win and answers 409 to the others."""

    def another_wins() -> None:
        ehr.add(FRESH)

    ehr.canned["POST"] = [canned(status, "conflict")]
    ehr.canned["GET"] = [(200, FHIR, b'{"resourceType":"Bundle","type":"searchset"}')]  # our search sees nothing yet
    another_wins()
    written = target.write("Appointment", FRESH, OURS, None, lambda held: {**held, **FRESH})
    assert (written.resource_id, written.wrote) == ("1", False)
    assert len(ehr.held) == 1


def test_a_conflict_whose_winner_cannot_be_found_is_asked_again(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["POST"] = [canned(409, "conflict")]
    with pytest.raises(RetryLater) as caught:
        write(target)
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "Mon, 02 Mar 2026 10:00:30 GMT", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}, 30.0),
        ({"Retry_After": "Mon, 02 Mar 2026 09:00:00 GMT", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}, 0.0),
        ({"Retry_After": "999999"}, 3600.0),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_they_ask_us_to_wait(status: int, headers: dict[str, str], after: float | None) -> None:
    from integrator.connectors.fhir_client.answers import raise_for, read_answer

    _, sent, body = canned(status, "throttled", **headers)
    with pytest.raises(RetryLater) as caught:
        raise_for(read_answer(status, sent, body), "create Appointment", writing=True)
    assert caught.value.after == after
    assert not caught.value.ambiguous


def test_retry_after_over_the_wire(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["POST"] = [canned(429, "throttled", Retry_After="11")]
    with pytest.raises(RetryLater) as caught:
        write(target)
    assert caught.value.after == 11


def test_no_reason_repeats_what_the_target_says(ehr: Ehr, target: FhirTarget) -> None:
    """Diagnostics may name a patient; they are kept in the outcome, which the store seals."""
    body = outcome("invariant")
    body["issue"][1]["diagnostics"] = "HTEST-Müller is already booked"
    ehr.canned["POST"] = [(422, FHIR, orjson.dumps(body))]
    with pytest.raises(Refused) as caught:
        write(target)
    assert str(caught.value) == "422 to create Appointment (invariant): the target refuses"
    assert caught.value.outcome == body


def test_html_with_status_200(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["POST"] = [(200, HTML[1], HTML[0])]
    with pytest.raises(RetryLater, match=r"no FHIR \(text/html\)") as caught:
        write(target)
    assert caught.value.ambiguous
    ehr.canned["GET"] = [(200, HTML[1], HTML[0])]
    with pytest.raises(RetryLater, match=r"no FHIR \(text/html\)") as caught:
        target.read("Appointment", "1")
    assert not caught.value.ambiguous


def test_html_with_an_error(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["POST"] = [(400, HTML[1], HTML[0])]
    with pytest.raises(Refused) as caught:
        write(target)
    assert "Please log in" in caught.value.outcome


@pytest.mark.parametrize("body", [b'{"resourceType": "Appoin', b"[]", b'{"id": "7"}', b"\xff\xfe", b'"text"'])
def test_malformed_json(ehr: Ehr, target: FhirTarget, body: bytes) -> None:
    ehr.canned["GET"] = [(200, FHIR, body)]
    with pytest.raises(RetryLater, match="no FHIR"):
        target.read("Appointment", "1")


def test_another_resource_than_asked_for(ehr: Ehr, target: FhirTarget) -> None:
    ehr.canned["GET"] = [canned(200), canned(200)]
    with pytest.raises(RetryLater, match="is no Appointment"):
        target.read("Appointment", "1")
    with pytest.raises(RetryLater, match="is no Bundle"):
        target.find("Appointment", *OURS)


def test_the_next_page_on_another_host_is_not_asked_for(ehr: Ehr, target: FhirTarget) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": "https://elsewhere.example/fhir?page=2"}],
    }
    ehr.canned["GET"] = [(200, FHIR, orjson.dumps(bundle))]
    with pytest.raises(Refused, match="another host"):
        list(target.hold("Appointment", {}))


def test_pages_without_end(ehr: Ehr, target: FhirTarget) -> None:
    bundle = orjson.dumps(
        {"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": f"{ehr.base}?page=1"}]}
    )
    ehr.canned["GET"] = [(200, FHIR, bundle)] * 30
    with pytest.raises(RetryLater, match="no end"):
        target.find("Appointment", *OURS)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_connection_closes_without_an_answer(ehr: Ehr, target: FhirTarget, method: str) -> None:
    ehr.canned[method] = [(0, {}, b"")] * 3
    with pytest.raises(RetryLater, match="closed the connection") as caught:
        write(target)
    assert caught.value.ambiguous == (method == "POST")


def test_it_never_answers(raw_server: Callable[[list[bytes | None]], str]) -> None:
    session = FhirSession(raw_server([None] * 20), connect=0.5, answer=0.3)
    for method in ("GET", "POST"):
        with pytest.raises(RetryLater, match="no answer in time") as caught:
            session.ask(method, "Appointment", doing="try", body={} if method == "POST" else None)
        assert caught.value.ambiguous == (method == "POST")


def test_it_answers_a_byte_at_a_time_for_ever(raw_server: Callable[[list[bytes | None]], str]) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n"
    drops: list[bytes | None] = [head]
    for _ in range(20):
        drops += [b" ", None]
    session = FhirSession(raw_server(drops), connect=0.3, answer=0.5)
    started = time.monotonic()
    with pytest.raises(RetryLater, match="no answer in time"):
        session.ask("GET", "Appointment/1", doing="read Appointment")
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",  # breaks off
        b"\x0bMSH|^~\\&|not HTTP at all\x1c\r",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_an_answer_that_breaks_off_or_is_no_http(raw_server: Callable[[list[bytes | None]], str], sent: bytes) -> None:
    session = FhirSession(raw_server([sent]), answer=1.0)
    with pytest.raises(RetryLater) as caught:
        session.ask("POST", "Appointment", doing="create Appointment", body={})
    assert caught.value.ambiguous


def test_nobody_listens(raw_server: Callable[[list[bytes | None]], str]) -> None:
    session = FhirSession("http://127.0.0.1:1/fhir", connect=0.5)
    with pytest.raises(RetryLater, match="not reachable") as caught:
        session.ask("POST", "Appointment", doing="create Appointment", body={})
    assert not caught.value.ambiguous


def test_the_token_is_asked_for_each_time_and_goes_along(ehr: Ehr) -> None:
    tokens = iter(["one", "two", "three"])
    target = FhirTarget("ehr", FhirSession(ehr.base, token=lambda: next(tokens)))
    target.abilities()
    target.read("Appointment", "1")
    assert [entry[2]["Authorization"] for entry in ehr.log] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("answer", [canned(404), canned(403), (200, *reversed(HTML)), canned(200)])
def test_a_base_without_a_capability_statement_refuses_no_record(
    ehr: Ehr, raw_server: Callable[[list[bytes | None]], str], answer: Canned
) -> None:
    status, headers, body = answer
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    head = f"HTTP/1.1 {status} Said\r\n{lines}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    target = FhirTarget("ehr", FhirSession(raw_server([head.encode() + body])))
    with pytest.raises(RetryLater) as caught:
        write(target)
    assert caught.value.after == 300


def test_abilities_are_what_is_said_and_no_more(target: FhirTarget, ehr: Ehr) -> None:
    ehr.interactions = ["read", "search-type"]
    ehr.claims_conditional_create = False
    found = target.abilities()
    assert found.can("Appointment", "read")
    assert found.can_search("Appointment", "identifier")
    assert not found.can_search("Appointment", "_lastUpdated")
    assert not any(found.can("Appointment", what) for what in ("create", "update", "patch", "conditional-create"))
    assert not found.can("Patient", "read")
    assert list(found.lines()) == ["Appointment: read, search"]
    assert found.speaks("r4")
    assert not found.speaks("r5")


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"rest": None},
        {"rest": [{"mode": "client", "resource": [{"type": "Appointment", "interaction": [{"code": "create"}]}]}]},
        {"rest": [{"mode": "server", "resource": [{"type": "Appointment"}, "nonsense", {"interaction": "x"}]}]},
    ],
)
def test_a_statement_that_says_little(statement: dict[str, Any]) -> None:
    found: Abilities = read_abilities(statement)
    assert not found.can("Appointment", "create")
    assert not found.speaks("r4")
