"""What the sandbox registry keeps: records by number, their aliases, and the data version; a JSON file beside it."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from integrator.sandbox.registry.record import NCT, Study, dispo

API = "2.0.5"


class Records:
    """Kept over restarts. Every change is a new build of the data, as the registry makes one each day."""

    def __init__(self, file: Path, now: datetime):
        self.file, self.lock = file, threading.RLock()
        if file.exists():
            self.kept: dict[str, Any] = orjson.loads(file.read_bytes())
        else:
            self.kept = {"studies": {NCT: dispo()}, "aliases": {}, "built": _build(now)}
            self._save()

    def version(self) -> dict[str, str]:
        """The answer of /version."""
        return {"apiVersion": API, "dataTimestamp": self.kept["built"]}

    def study(self, nct: str) -> tuple[bytes, str] | None:
        """The bytes of a record and their ETag."""
        with self.lock:
            found = self.kept["studies"].get(nct)
            if found is None:
                return None
            data = orjson.dumps(found)
            return data, f'W/"{hashlib.sha256(data).hexdigest()[:16]}"'

    def alias(self, nct: str) -> str | None:
        """The number that a study has now."""
        found: str | None = self.kept["aliases"].get(nct)
        return found

    def change(self, nct: str, fields: dict[str, Any], now: datetime) -> Study:
        """Sets fields of a record by their path below protocolSection; None takes one out. KeyError: no such study.

        Unless it is among the fields, lastUpdateSubmitDate becomes today, as when a registrant hands in a change.
        """
        today = now.date().isoformat()
        with self.lock:
            study: Study = self.kept["studies"][nct]
            wanted = {"statusModule.lastUpdateSubmitDate": today, **fields}
            for path, value in wanted.items():
                _set(study["protocolSection"], path.split("."), value)
            self.built(now)
            return study

    def put(self, study: Study, now: datetime) -> None:
        """Takes in a whole record, with the aliases that it names."""
        module = study["protocolSection"]["identificationModule"]
        with self.lock:
            self.kept["studies"][module["nctId"]] = study
            self.kept["aliases"] |= {alias: module["nctId"] for alias in module.get("nctIdAliases", ())}
            self.built(now)

    def drop(self, nct: str, now: datetime) -> None:
        """Takes a record out, as a registry does with what was entered in error."""
        with self.lock:
            self.kept["studies"].pop(nct)
            self.built(now)

    def built(self, now: datetime) -> None:
        """A new build of the data, of this moment; its time tells it apart from every build before."""
        with self.lock:
            after = datetime.fromisoformat(self.kept["built"]) + timedelta(seconds=1)
            self.kept["built"] = max(_build(now), _build(after))
            self._save()

    def _save(self) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(self.kept))
        fresh.replace(self.file)


def _build(now: datetime) -> str:
    return now.replace(tzinfo=None).isoformat(timespec="seconds")


def _set(node: Any, path: list[str], value: Any) -> None:
    """Sets what stands at a path; a step that is a number is a position in a list."""
    for step in path[:-1]:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    last = path[-1]
    if isinstance(node, list):
        node[int(last)] = value
    elif value is None:
        node.pop(last, None)
    else:
        node[last] = value
