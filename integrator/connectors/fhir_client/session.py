"""HTTP to one FHIR server: headers, token, time limits, and every broken connection told as one of our errors.

Bodies are never logged. Redirects are not followed, so that the token goes nowhere else (SMART Backend Services).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import orjson
import requests
import urllib3
from requests import exceptions

from integrator.connectors.fhir_client.answers import Answer, raise_for, read_answer
from integrator.connectors.http_reading import read_in_time
from integrator.errors import Refused, RetryLater

FHIR_JSON = "application/fhir+json"
LARGEST = 64 * 1024 * 1024  # bytes of one answer; the /metadata of a full server has 1.5 MB


class FhirSession:
    """One server at one base address. May be used by several threads.

    `token` gives the bearer token at each request; `connect` and `answer` are the longest waits in seconds for the
    connection and for the whole answer; `verify` as in requests: True or the file of a certificate authority.
    """

    def __init__(
        self,
        base: str,
        token: Callable[[], str] | None = None,
        connect: float = 5.0,
        answer: float = 30.0,
        verify: bool | str = True,
    ):
        self.base = base.rstrip("/")
        self._token, self._verify = token, verify
        self._connect, self._answer = connect, answer
        self._threads = threading.local()

    def ask(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        expect: Collection[int] = (200,),
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends one request; `path` is beneath the base, or an address on the same host (a next link).

        Gives the answer where its status is in `expect` and its body is FHIR or empty; else raises RetryLater
        (`ambiguous` where a write may have arrived), Refused or Waiting, as answers.py says.
        """
        writing = method not in ("GET", "HEAD")
        address = self._address(path, params)
        answer = self._send(method, address, body, headers or {}, doing, writing)
        if answer.status not in expect or not (answer.is_fhir or answer.status >= 300):
            raise_for(answer, doing, writing)
        return answer

    def _address(self, path: str, params: Mapping[str, str] | None) -> str:
        """The whole address; another host than the base's is refused, for our token would go there."""
        address = path if "://" in path else urljoin(self.base + "/", path)
        if _origin(address) != _origin(self.base):
            raise Refused("the target points to another host, where our token must not go", address)
        if not params:
            return address
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params.items())
        return f"{address}{'&' if '?' in address else '?'}{query}"

    def _send(
        self, method: str, address: str, body: Any, headers: Mapping[str, str], doing: str, writing: bool
    ) -> Answer:
        data = None if body is None else orjson.dumps(body)
        until = time.monotonic() + self._connect + self._answer
        try:
            with self._session().request(
                method,
                address,
                data=data,
                headers=self._headers(headers, body is not None, writing),
                timeout=(self._connect, self._answer),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = read_in_time(response, until, LARGEST)
                return read_answer(response.status_code, response.headers, content)
        except exceptions.ConnectTimeout as error:
            raise RetryLater(f"the target did not take the connection to {doing}") from error
        except exceptions.SSLError as error:
            raise RetryLater(f"no trusted connection to {doing}; see the certificate settings", after=300.0) from error
        except exceptions.ConnectionError as error:
            if _never_connected(error):
                raise RetryLater(f"the target is not reachable to {doing}") from error
            raise RetryLater(f"the target closed the connection to {doing}", ambiguous=writing) from error
        except (exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise RetryLater(f"no answer in time to {doing}", ambiguous=writing) from error
        except (exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = f"the answer to {doing} broke off ({type(error).__name__})"
            raise RetryLater(reason, ambiguous=writing) from error

    def _headers(self, extra: Mapping[str, str], has_body: bool, writing: bool) -> dict[str, str]:
        headers = {"Accept": FHIR_JSON}
        if has_body:
            headers["Content-Type"] = FHIR_JSON
        if writing:
            headers["Prefer"] = "return=representation"
        else:
            headers["Cache-Control"] = "no-cache"  # HAPI answers a search from a cache of 60 s unless asked not to
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token()}"
        return headers | dict(extra)

    def _session(self) -> requests.Session:
        """One for each thread: requests does not promise that a Session may be shared."""
        if not hasattr(self._threads, "session"):
            session = requests.Session()
            session.trust_env = False  # no .netrc over our token, no proxy that nobody configured here
            self._threads.session = session
        found: requests.Session = self._threads.session
        return found


def _never_connected(error: exceptions.ConnectionError) -> bool:
    """Whether the request surely never left: refused, no such host, no route."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, urllib3.exceptions.NewConnectionError)


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port
