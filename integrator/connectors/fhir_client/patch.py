"""JSON Patch (RFC 6902) for targets that change resources no other way, such as Oracle's Appointment.

One step for each top-level element that differs, each guarded by a `test` of what we read: a server that ignores
If-Match still refuses to overwrite what somebody else has changed.
"""

from __future__ import annotations

from typing import Any

JSON_PATCH = "application/json-patch+json"
NOT_OURS = frozenset({"resourceType", "id", "meta", "text"})

Step = dict[str, Any]


def steps(current: dict[str, Any], wanted: dict[str, Any]) -> list[Step]:
    """The steps from what they hold to what we want."""
    found: list[Step] = []
    for name in sorted((current.keys() | wanted.keys()) - NOT_OURS):
        path = f"/{name}"
        if name not in current:
            found.append({"op": "add", "path": path, "value": wanted[name]})
        elif current[name] != wanted.get(name):
            found.append({"op": "test", "path": path, "value": current[name]})
            if name in wanted:
                found.append({"op": "replace", "path": path, "value": wanted[name]})
            else:
                found.append({"op": "remove", "path": path})
    return found
