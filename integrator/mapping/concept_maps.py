"""Code maps as FHIR R4 ConceptMaps: every code that may come, with our word for it, and what else it depends on.

R4 4.0.1, ConceptMap. A map of several columns says of each code what it is beside the codes of the others (dependsOn).
"""

from __future__ import annotations

import tomllib
from itertools import product
from typing import Any

from integrator.mapping.codes import CodeMap
from integrator.mapping.load import Faces
from integrator.mapping.sets import code_maps, text_hash

Resource = dict[str, Any]
BASE = "https://integrator.example/fhir"


def concept_maps(faces: Faces) -> list[Resource]:
    """Every code map that a face uses, in order of id; what a site says otherwise is a map of its own."""
    return [concept_map(one, site) for (_, site), one in sorted(code_maps(faces).items(), key=_order)]


def _order(item: tuple[tuple[str, str | None], CodeMap]) -> tuple[str, str]:
    return item[0][0], item[0][1] or ""


def concept_map(one: CodeMap, site: str | None) -> Resource:
    """One code map as all have it, or as a site does."""
    number = f"{one.name}.{site}" if site else one.name
    texts = [one.texts[name] for name in sorted(one.texts)]
    common = next(text for name, text in sorted(one.texts.items(), key=lambda item: "/sites/" in item[0]))
    titled = "".join(part.capitalize() for part in number.replace(".", "-").replace("_", "-").split("-"))
    elements, fallback = _elements(one)
    group: Resource = {"source": _uri("place", one.columns[-2]), "target": _uri("word", one.columns[-1])}
    if elements:
        group["element"] = elements
    if fallback:
        group["unmapped"] = {"mode": "fixed", "code": fallback}
    return {
        "resourceType": "ConceptMap",
        "id": number,
        "url": f"{BASE}/ConceptMap/{number}",
        "version": text_hash("\n".join(texts))[:12],
        "name": titled,
        "title": f"{one.name} at {site}" if site else one.name,
        "status": "active",
        "description": str(tomllib.loads(common)["about"]),
        "group": [group],
    }


def _uri(kind: str, name: str) -> str:
    return f"{BASE}/{kind}/{name.replace(' ', '-')}"


def _elements(one: CodeMap) -> tuple[list[Resource], str | None]:
    """The codes of the last outside column, each with its words; and the word of every code that is not named."""
    columns = [_values(one, number) for number in range(len(one.columns) - 1)]
    found: dict[str, list[tuple[tuple[str, ...], str | None]]] = {code: [] for code in columns[-1]}
    for codes in product(*columns):
        answer = one.read(codes, fold=False)
        if answer.row is not None and not answer.unknown:
            found[codes[-1]].append((codes[:-1], answer.row.value))
    last = one.rows[-1] if one.rows else None
    fallback = last.value if last and all(cell is None for cell in last.cells) else None
    return [_element(one, code, told) for code, told in found.items() if told], fallback


def _values(one: CodeMap, number: int) -> list[str]:
    """What may come in a column, or where anything may, what rows name."""
    listed = one.values[number]
    named = [code for row in one.rows for code in (row.cells[number] or ())]
    return list(dict.fromkeys(listed if listed is not None else named)) or [""]


def _element(one: CodeMap, code: str, told: list[tuple[tuple[str, ...], str | None]]) -> Resource:
    words = list(dict.fromkeys(word for _, word in told))
    alone = len(words) == 1
    targets = [
        _target(one, (*others, code), word, () if alone else others)
        for word in words
        for others in ([told[0][0]] if alone else [others for others, said in told if said == word])
    ]
    named = {"code": code} if code else {"display": "(nothing stands there)"}
    return named | {"target": targets}


def _target(one: CodeMap, codes: tuple[str, ...], word: str | None, others: tuple[str, ...]) -> Resource:
    """A word that is written back as these codes is equivalent, any other is wider than what came."""
    if word is None:
        found: Resource = {"equivalence": "unmatched"}
    else:
        same = one.write(word, codes[0]) == codes
        found = {"code": word, "equivalence": "equivalent" if same else "wider"}
    depends = [
        {"property": _uri("place", name), "value": value or "(nothing)"}
        for name, value in zip(one.columns, others, strict=False)
    ]
    return found | ({"dependsOn": depends} if depends else {})
