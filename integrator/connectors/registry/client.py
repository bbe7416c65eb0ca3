"""A client of the ClinicalTrials.gov API v2: /version and /studies/{nctId}; every other answer has its word.

Errors of the API are text/plain. An alias (a number that was merged into another) is answered 301; it is followed on
the same host and reported. Records are daily builds with an ETag. (OpenAPI description 2.0.3.)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import orjson
import requests
import urllib3
from requests import exceptions

from integrator import __version__
from integrator.connectors.http_reading import read_in_time, retry_after
from integrator.connectors.registry.pace import Pace
from integrator.errors import Held, Refused, RetryLater
from integrator.formats.study_record import NCT, Study, nct_of, parse_study

LARGEST = 32 * 1024 * 1024  # bytes; the largest records with results have about 10 MB
MOVES = 3  # redirects that are followed
OPERATOR_WAIT = 3600.0  # seconds until an answer that only a person can mend is asked for again
TEXT_KEPT = 300  # characters of an error's text


@dataclass(frozen=True, slots=True)
class Version:
    """What the registry says of itself."""

    api: str  # "2.0.5"
    data: str  # dataTimestamp: unchanged means that no record changed


@dataclass(frozen=True, slots=True)
class Fetched:
    """One record as it was sent."""

    nct: str  # as the record itself says
    data: bytes
    etag: str | None
    alias: str | None = None  # the number that was asked for, where the registry calls the study otherwise now


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """What a text/plain error says; nothing of a page that is meant for a browser."""
        return self.body[:TEXT_KEPT].decode("utf-8", "replace").strip() if self.kind == "text/plain" else ""


class RegistryClient:
    """One registry at one base address. May be used by several threads.

    `connect` and `answer` are the longest waits in seconds; `pace` says when a request may be sent.
    """

    def __init__(
        self,
        base: str,
        pace: Pace | None = None,
        connect: float = 5.0,
        answer: float = 30.0,
        proxy: str = "",
    ):
        self.base = base.rstrip("/") + "/"
        self._pace = pace or Pace()
        self._connect, self._answer = connect, answer
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}

    def version(self) -> Version:
        """The versions of the API and of its data. RetryLater, Refused as `study`."""
        answer = self._ask("version", {}, "read its version")
        found = _json(answer)
        data = found.get("dataTimestamp")
        if answer.status != 200 or not isinstance(data, str):
            self._unexpected(answer, "read its version")
        self._pace.well()
        return Version(str(found.get("apiVersion", "")), data)

    def study(self, nct: str, etag: str | None = None) -> Fetched | None:
        """The record of one study; None where it is still the one of this ETag.

        RetryLater: the registry is away, busy, failed, or answered with something that is no whole study.
        Refused: it does not know the study, or answered with another one.
        """
        if not NCT.fullmatch(nct):
            raise Refused(f"{nct!r} is not an NCT number (NCT and eight digits)")
        doing = f"read {nct}"
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._ask(f"studies/{nct}", headers, doing)
        if answer.status == 304 and etag:
            self._pace.well()
            return None
        if answer.status != 200:
            self._unexpected(answer, doing)
        study = self._parsed(answer, doing)
        self._pace.well()
        return Fetched(_its_number(study, nct), answer.body, answer.headers.get("ETag"), _alias(study, nct))

    def _parsed(self, answer: _Answer, doing: str) -> Study:
        try:
            return parse_study(answer.body)
        except Held as wrong:
            kind = answer.kind or "unknown type"
            reason = f"the registry's answer to {doing} is no whole study ({kind}): {wrong.reason}"
            raise RetryLater(reason, after=self._pace.back_off(None)) from wrong

    def _unexpected(self, answer: _Answer, doing: str) -> NoReturn:
        """Raises what an answer means that is no success."""
        status, said = answer.status, f": {answer.text}" if answer.text else ""
        if status in (408, 425, 429) or status >= 500:
            asked = retry_after(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
            what = "asks us to wait" if status in (429, 503) else "has failed"
            raise RetryLater(f"{status} to {doing}: the registry {what}", after=self._pace.back_off(asked))
        if status == 404:
            raise Refused(f"404 to {doing}: the registry has no such study{said}", answer.text)
        if status == 200 or status == 304 or 300 <= status < 400:
            kind = answer.kind or "unknown type"
            raise RetryLater(f"{status} to {doing} with something that is no answer to it ({kind})", OPERATOR_WAIT)
        raise Refused(f"{status} to {doing}: the registry refuses{said}", answer.text)

    def _ask(self, path: str, headers: Mapping[str, str], doing: str) -> _Answer:
        """Sends one GET, and follows where the registry says that the study has another number now."""
        address = urljoin(self.base, path)
        for _ in range(MOVES + 1):
            self._pace.wait()
            answer = self._get(address, headers, doing)
            moved = answer.headers.get("Location")
            if answer.status not in (301, 302, 307, 308) or not moved:
                return answer
            address = urljoin(address, moved)
            if _origin(address) != _origin(self.base):
                raise Refused(f"the registry points to another host to {doing}", urlsplit(address).netloc)
        raise Refused(f"the registry points from one address to the next to {doing}", address)

    def _get(self, address: str, headers: Mapping[str, str], doing: str) -> _Answer:
        until = time.monotonic() + self._connect + self._answer
        fixed = {"Accept": "application/json", "User-Agent": f"integrator/{__version__}"}
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc that nobody configured here
                session.proxies.update(self._proxies)
                times = (self._connect, self._answer)
                with session.get(
                    address, headers=fixed | dict(headers), timeout=times, allow_redirects=False, stream=True
                ) as response:
                    body = read_in_time(response, until, LARGEST)
                    return _Answer(response.status_code, response.headers, body)
        except (exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise RetryLater(f"no answer in time to {doing}", after=self._pace.back_off(None)) from error
        except exceptions.ConnectionError as error:
            raise RetryLater(f"the registry is not reachable to {doing}", after=self._pace.back_off(None)) from error
        except (exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = f"the answer to {doing} broke off ({type(error).__name__})"
            raise RetryLater(reason, after=self._pace.back_off(None)) from error


def _json(answer: _Answer) -> dict[str, object]:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _its_number(study: Study, asked: str) -> str:
    """The number of the record; Refused where it is another study's."""
    number = nct_of(study) or ""
    if number != asked and asked not in _aliases(study):
        raise Refused(f"the registry answered to read {asked} with the record of another study, {number}")
    return number


def _alias(study: Study, asked: str) -> str | None:
    return asked if nct_of(study) != asked else None


def _aliases(study: Study) -> list[str]:
    listed = study["protocolSection"]["identificationModule"].get("nctIdAliases")
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port
