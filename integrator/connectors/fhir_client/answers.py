"""What an EHR's answer means for us: done, later, refused or waiting; one table for every status.

Reasons are built from status and issue codes only. What the answer says in words may name a patient: it goes into
`Refused.outcome`, which the store seals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from integrator.connectors.http_reading import retry_after
from integrator.errors import Refused, RetryLater, Waiting

OPERATOR_WAIT = 300.0  # seconds until we try again what an operator must mend (401)
TEXT_KEPT = 2000  # characters of an answer that is no FHIR


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a FHIR server. `resource` is None where the body is empty or not FHIR JSON."""

    status: int
    resource: dict[str, Any] | None
    version: str | None = None  # of the ETag, else meta.versionId
    location: str | None = None
    retry_after: float | None = None  # seconds
    content_type: str = ""
    text: str = ""  # the beginning of a body that is not FHIR

    @property
    def is_fhir(self) -> bool:
        """Whether the body is empty or a resource: a log-in page with status 200 is neither."""
        return self.resource is not None or not self.text


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer of these bytes; whatever they are."""
    resource = _resource(body)
    return Answer(
        status=status,
        resource=resource,
        version=_version(headers.get("ETag", ""), resource),
        location=headers.get("Location") or headers.get("Content-Location"),
        retry_after=retry_after(headers.get("Retry-After", ""), headers.get("Date", "")),
        content_type=headers.get("Content-Type", "").split(";")[0].strip().lower(),
        text="" if resource is not None else body[:TEXT_KEPT].decode("utf-8", "replace").strip(),
    )


def raise_for(answer: Answer, doing: str, writing: bool) -> NoReturn:
    """Raises what an answer means that the caller did not expect.

    `doing` names the act for the reason ("create Appointment"); with `writing` an answer that leaves open whether
    the target wrote is marked ambiguous.
    """
    status, what = answer.status, f"{answer.status} to {doing}{_issues(answer)}"
    if status == 401:
        raise RetryLater(f"{what}: the target does not accept our credentials", after=OPERATOR_WAIT)
    if status == 429 or status == 503:
        raise RetryLater(f"{what}: the target asks us to wait", after=answer.retry_after)
    if status >= 500 and status != 501:
        raise RetryLater(f"{what}: the target has failed", after=answer.retry_after, ambiguous=writing)
    if status in (408, 409, 412, 423, 425):
        raise RetryLater(f"{what}: the target is busy with it", after=answer.retry_after)
    if status in (405, 501) and writing:
        raise Waiting(f"the target cannot {doing}")
    if 200 <= status < 300:
        kind = answer.content_type or "unknown type"
        raise RetryLater(f"{what} with something that is no FHIR ({kind})", after=OPERATOR_WAIT, ambiguous=writing)
    if 300 <= status < 400:
        raise RetryLater(f"{what}: the target has moved; its new address belongs in the configuration", OPERATOR_WAIT)
    if status == 404:
        raise Refused(f"{what}: the target has no such address at this base", _kept(answer))
    raise Refused(f"{what}: the target refuses", _kept(answer))


def _kept(answer: Answer) -> Any:
    return answer.resource if answer.resource is not None else answer.text


def _issues(answer: Answer) -> str:
    """The codes of all errors in an OperationOutcome: the first issue may be a mere warning."""
    issues = (answer.resource or {}).get("issue")
    codes = [
        str(issue.get("code", ""))
        for issue in (issues if isinstance(issues, list) else [])
        if isinstance(issue, dict) and issue.get("severity") in ("error", "fatal")
    ]
    return f" ({', '.join(dict.fromkeys(codes))})" if codes else ""


def _resource(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("resourceType"), str) else None


def _version(etag: str, resource: dict[str, Any] | None) -> str | None:
    text = etag.strip().removeprefix("W/").strip('"')
    meta = (resource or {}).get("meta")
    said = meta.get("versionId") if isinstance(meta, dict) else None
    return text or (said if isinstance(said, str) else None)
