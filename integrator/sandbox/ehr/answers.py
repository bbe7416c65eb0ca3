"""What the EHR is asked and what it says: request, answer, and the OperationOutcome of everything that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Issue = tuple[str, str, str, str | None]  # severity, code, text, FHIRPath or None
CODES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict"}
CODES |= {410: "deleted", 412: "conflict", 422: "processing", 429: "throttled", 500: "exception", 503: "transient"}


@dataclass(frozen=True)
class Request:
    """One request below the FHIR base. `moment` is the store's when it came; header names in lower case."""

    method: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes
    base: str
    moment: int = 0


@dataclass(frozen=True)
class Answer:
    """Status, resource (or a proxy's page, or none) and headers; `wrote`: `create Appointment/7 version 1`."""

    status: int
    resource: dict[str, Any] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    wrote: str | None = None


class Refusal(Exception):
    """An interaction ends here with this status; `issues` are (severity, code, text, FHIRPath or None)."""

    def __init__(self, status: int, text: str, issues: list[Issue] | None = None):
        self.status = status
        self.issues = issues or [("error", CODES.get(status, "processing"), text, None)]
        super().__init__(text)

    def answer(self) -> Answer:
        """The answer with its OperationOutcome."""
        return Answer(self.status, outcome(self.issues))


def outcome(issues: list[Issue]) -> dict[str, Any]:
    """An OperationOutcome (R4) of (severity, code, text, FHIRPath or None)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": severity, "code": code, "diagnostics": text, **({"expression": [place]} if place else {})}
            for severity, code, text, place in issues
        ],
    }
