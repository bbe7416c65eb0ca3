"""What the EHR's own log and store add up to, for checks that must not ask Integrator."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integrator.sandbox.ehr.store import EhrStore


def summary(store: EhrStore, since: int = 0) -> dict[str, Any]:
    """Requests after `since` by method, answer and change; what is held by type and status; identifiers held twice."""
    rows = store.requests(since)
    writes = [row for row in rows if row["method"] in ("POST", "PUT", "PATCH", "DELETE")]
    held = {type_: store.live(type_) for type_ in list(store.present)}
    return {
        "last": store.last_request(),
        "requests": len(rows),
        "by_method": dict(Counter(row["method"] for row in rows)),
        "by_answer": dict(Counter(f"{row['method']} {row['status'] or 'closed'}" for row in rows)),
        "writes": len(writes),
        "changes": dict(Counter(row["wrote"].partition("/")[0] for row in rows if row["wrote"])),
        "holds": {type_: len(some) for type_, some in held.items() if some},
        "status": {type_: _statuses(some) for type_, some in held.items() if _statuses(some)},
        "twice": {type_: _twice(some) for type_, some in held.items() if _twice(some)},
    }


def _statuses(some: list[Any]) -> dict[str, int]:
    return dict(Counter(held.resource["status"] for held in some if "status" in held.resource))


def _twice(some: list[Any]) -> dict[str, int]:
    found = Counter(
        f"{identifier.get('system', '')}|{identifier.get('value', '')}"
        for held in some
        for identifier in held.resource.get("identifier", [])
    )
    return {name: times for name, times in found.items() if times > 1}
