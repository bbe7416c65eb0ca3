"""One study, or one page of a search, from the bytes that the registry sent; what is not one is held."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

from integrator.errors import Held

Study = dict[str, Any]

NCT = re.compile(r"NCT\d{8}")


def parse_study(data: bytes) -> Study:
    """The JSON object of one study. Held, with what was found instead, where the bytes are none."""
    found = _object(data)
    if not isinstance(found.get("protocolSection"), dict):
        raise Held("an answer that is no study: it has no protocolSection", "protocolSection")
    number = nct_of(found)
    if number is None or not NCT.fullmatch(number):
        raise Held("a study without an NCT number", "protocolSection.identificationModule.nctId", number)
    return found


def parse_page(data: bytes) -> tuple[list[Study], str | None]:
    """The studies of one page of a search and the token of the next page; a page may be empty."""
    found = _object(data)
    studies, token = found.get("studies"), found.get("nextPageToken")
    if not isinstance(studies, list) or not all(isinstance(one, dict) for one in studies):
        raise Held("an answer that is no page of studies", "studies")
    return studies, token if isinstance(token, str) and token else None


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as wrong:
        raise Held("bytes that are not JSON, or only a part of it", f"byte {wrong.pos}") from wrong
    if not isinstance(found, dict):
        raise Held("JSON that is no object")
    return found


def nct_of(study: Study) -> str | None:
    """The NCT number of a study; None where it has none."""
    found = _at(study, "identificationModule", "nctId")
    return found if isinstance(found, str) else None


def update_submitted(study: Study) -> str | None:
    """The day on which the registrant handed in this version (yyyy-mm-dd): its source time."""
    found = _at(study, "statusModule", "lastUpdateSubmitDate")
    return found if isinstance(found, str) else None


def fingerprint(study: Study) -> str:
    """A digest of what the registrant said: without what the registry makes itself, which changes with each build."""
    own = {
        name: {**module, "locations": [_without(one, "geoPoint") for one in module["locations"]]}
        if isinstance(module, dict) and isinstance(module.get("locations"), list)
        else module
        for name, module in study["protocolSection"].items()
    }
    whole = {"protocolSection": own, "hasResults": study.get("hasResults")}
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _without(one: Any, name: str) -> Any:
    return {key: value for key, value in one.items() if key != name} if isinstance(one, dict) else one


def _at(study: Study, module: str, name: str) -> Any:
    found: Any = study.get("protocolSection")
    for step in (module, name):
        found = found.get(step) if isinstance(found, dict) else None
    return found
