"""The registry's client against a real server: every kind of answer is an outcome with words."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from integrator.connectors.registry import Pace, RegistryClient, Version
from integrator.errors import Refused, RetryLater
from tests.connectors.registry.standin_registry import JSON, TEXT, Canned, Registry, standing, study

NCT = "NCT01409720"
PATH = f"studies/{NCT}"
HTML = b"<html><body><h1>We are down for maintenance</h1></body></html>"


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.at += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def registry() -> Iterator[Registry]:
    with standing() as found:
        yield found


@pytest.fixture
def client(registry: Registry, time: Time) -> RegistryClient:
    return RegistryClient(registry.base, Pace(now=time.now, sleep=time.sleep), connect=1.0, answer=1.0)


# what it is for


def test_a_study_is_fetched_byte_for_byte_with_its_etag(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(200, study(), headers={"ETag": 'W/"build-7"'}))
    fetched = client.study(NCT)
    assert fetched is not None
    assert (fetched.nct, fetched.data, fetched.etag, fetched.alias) == (NCT, study(), 'W/"build-7"', None)
    assert registry.asked[0][1]["accept"] == "application/json"
    assert registry.asked[0][1]["user-agent"].startswith("integrator/")


def test_a_study_that_did_not_change_is_not_sent_again(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(304))
    assert client.study(NCT, etag='W/"build-7"') is None
    assert registry.asked[0][1]["if-none-match"] == 'W/"build-7"'


def test_the_version_says_whether_any_data_changed(client: RegistryClient, registry: Registry):
    registry.say("version", Canned(200, b'{"apiVersion": "2.0.5", "dataTimestamp": "2026-03-09T09:00:05"}'))
    assert client.version() == Version("2.0.5", "2026-03-09T09:00:05")


# aliases


def test_an_alias_is_followed_on_the_same_host_and_reported(client: RegistryClient, registry: Registry, time: Time):
    registry.say("studies/NCT00000009", Canned(301, headers={"Location": f"/api/v2/{PATH}"}))
    registry.say(PATH, Canned(200, study(nctIdAliases=["NCT00000009"])))
    fetched = client.study("NCT00000009")
    assert fetched is not None
    assert (fetched.nct, fetched.alias) == (NCT, "NCT00000009")
    assert registry.paths == ["studies/NCT00000009", PATH]
    assert time.slept == [1.0]


def test_a_redirect_to_another_host_is_refused(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(301, headers={"Location": f"https://elsewhere.example/api/v2/{PATH}"}))
    with pytest.raises(Refused, match="points to another host"):
        client.study(NCT)


def test_a_redirect_to_another_port_of_the_host_is_refused(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(301, headers={"Location": f"http://127.0.0.1:9/{PATH}"}))
    with pytest.raises(Refused, match="points to another host"):
        client.study(NCT)


def test_redirects_in_a_circle_are_refused(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(301, headers={"Location": f"/api/v2/{PATH}"}))
    with pytest.raises(Refused, match="from one address to the next"):
        client.study(NCT)
    assert len(registry.asked) == 4


def test_a_redirect_that_leads_nowhere_is_put_off(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(301))
    with pytest.raises(RetryLater, match="301 to read NCT01409720 with something that is no answer"):
        client.study(NCT)


# pace


def test_at_most_one_request_a_second(client: RegistryClient, registry: Registry, time: Time):
    registry.say(PATH, Canned(200, study()))
    for _ in range(3):
        client.study(NCT)
    assert time.slept == [1.0, 1.0]
    time.at += 0.4
    client.study(NCT)
    assert time.slept == [1.0, 1.0, 0.6]
    time.at += 20
    client.study(NCT)
    assert len(time.slept) == 3


def test_a_registry_that_asks_to_wait_is_left_alone_that_long(client: RegistryClient, registry: Registry, time: Time):
    registry.say(PATH, Canned(429, b"Too many requests", TEXT, {"Retry-After": "120"}), Canned(200, study()))
    with pytest.raises(RetryLater, match="429 to read NCT01409720: the registry asks us to wait") as later:
        client.study(NCT)
    assert later.value.after == 120
    time.at += 60
    with pytest.raises(RetryLater, match="asked us to wait") as still:
        client.study(NCT)
    assert still.value.after == pytest.approx(60)
    assert len(registry.asked) == 1
    time.at += 60
    assert client.study(NCT) is not None


def test_retry_after_may_be_a_date(client: RegistryClient, registry: Registry):
    headers = {"Retry-After": "Mon, 09 Mar 2026 10:00:30 GMT", "Date": "Mon, 09 Mar 2026 10:00:00 GMT"}
    registry.say(PATH, Canned(503, b"busy", TEXT, headers))
    with pytest.raises(RetryLater) as later:
        client.study(NCT)
    assert later.value.after == 30


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_failures_are_tried_again_ever_later(client: RegistryClient, registry: Registry, time: Time, status: int):
    registry.say(PATH, Canned(status, HTML, "text/html"))
    pauses = []
    for _ in range(4):
        with pytest.raises(RetryLater, match=f"{status} to read") as later:
            client.study(NCT)
        pauses.append(later.value.after)
        time.at += later.value.after or 0
    assert pauses == [2, 4, 8, 16]
    registry.say(PATH, Canned(200, study()), Canned(500, b"", TEXT))
    assert client.study(NCT) is not None
    with pytest.raises(RetryLater) as later:
        client.study(NCT)
    assert later.value.after == 2


def test_the_pause_has_an_end(time: Time):
    pace = Pace(now=time.now, sleep=time.sleep)
    assert max(pace.back_off(None) for _ in range(30)) == 3600


# answers that are no study


def test_a_study_that_the_registry_does_not_know_is_refused_with_its_words(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(404, b"NCT number NCT01409720 not found", TEXT))
    with pytest.raises(
        Refused, match="404 to read NCT01409720: the registry has no such study: NCT number NCT01409720"
    ):
        client.study(NCT)


def test_a_bad_request_is_refused_with_its_words(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(400, b"`nctId` has incorrect format", TEXT))
    with pytest.raises(Refused, match=r"400 to read NCT01409720: the registry refuses: `nctId` has incorrect format"):
        client.study(NCT)


def test_what_is_no_nct_number_is_not_asked_for(client: RegistryClient, registry: Registry):
    for wrong in ("NCT1", "nct01409720", "DRKS00031294", "NCT01409720/../../version"):
        with pytest.raises(Refused, match="is not an NCT number"):
            client.study(wrong)
    assert registry.asked == []


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (HTML, "text/html", r"no whole study \(text/html\): bytes that are not JSON"),
        (study()[:60], JSON, "only a part of it"),
        (b"", JSON, "no whole study"),
        (b"[]", JSON, "JSON that is no object"),
        (b'{"studies": []}', JSON, "no protocolSection"),
        (b'{"protocolSection": {"identificationModule": {}}}', JSON, "without an NCT number"),
    ],
)
def test_success_with_something_else_is_put_off(
    client: RegistryClient, registry: Registry, body: bytes, kind: str, words: str
):
    registry.say(PATH, Canned(200, body, kind))
    with pytest.raises(RetryLater, match=words):
        client.study(NCT)


def test_half_an_answer_is_put_off(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(200, study(), cut=40))
    with pytest.raises(RetryLater, match="NCT01409720"):
        client.study(NCT)


def test_the_record_of_another_study_is_refused(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(200, study("NCT02847754")))
    with pytest.raises(Refused, match="with the record of another study, NCT02847754"):
        client.study(NCT)


def test_not_modified_that_nobody_asked_for_is_put_off(client: RegistryClient, registry: Registry):
    registry.say(PATH, Canned(304))
    with pytest.raises(RetryLater, match="304"):
        client.study(NCT)


def test_a_version_that_is_html_is_put_off(client: RegistryClient, registry: Registry):
    registry.say("version", Canned(200, HTML, "text/html"))
    with pytest.raises(
        RetryLater, match=r"200 to read its version with something that is no answer to it \(text/html\)"
    ):
        client.version()


# sockets


def test_a_registry_that_is_away_is_put_off(time: Time):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = RegistryClient(f"http://127.0.0.1:{port}/api/v2", Pace(now=time.now, sleep=time.sleep))
    with pytest.raises(RetryLater, match="not reachable"):
        client.study(NCT)


def test_a_registry_that_never_answers_is_put_off(time: Time):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v2"
        client = RegistryClient(base, Pace(now=time.now, sleep=time.sleep), connect=0.5, answer=0.3)
        with pytest.raises(RetryLater, match="no answer in time"):
            client.study(NCT)
