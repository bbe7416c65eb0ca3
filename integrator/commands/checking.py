"""integrator mappings check: the laws of every face and whether its omissions are true, tried on what is drawn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from integrator.commands.inputs import mappings_option
from integrator.commands.printing import json_option, print_json
from integrator.mapping import Face, Faces, load_faces
from integrator.mapping.proof import prove


@click.command("check")
@click.option("--cases", default=40, show_default=True, help="Records and documents drawn for each law.")
@click.option("--seed", default=1, show_default=True, help="Of what is drawn.")
@mappings_option
@json_option
def check_(cases: int, seed: int, root: Path | None, as_json: bool) -> None:
    """Checks every face at load, tries its laws on drawn records and documents, and puts a value into each place that
    it omits; exit code 1 if a law does not hold, or if an omitted value was not lost.

    Example: integrator mappings check --cases 500
    """
    checked = [_checked(face, site, cases, seed) for face, site in each_face(load_faces(root))]
    if as_json:
        print_json(checked)
    else:
        click.echo("\n".join(line for one in checked for line in _lines(one)))
    sys.exit(0 if all(one["ok"] for one in checked) else 1)


def each_face(faces: Faces) -> Iterator[tuple[Face, str | None]]:
    """Every face as it is, then as each site has it where that differs."""
    for name in faces.names():
        common = faces.get(name)
        yield common, None
        for site in faces.sites:
            if faces.get(name, site).hash != common.hash:
                yield faces.get(name, site), site


def _checked(face: Face, site: str | None, cases: int, seed: int) -> dict[str, Any]:
    """One object for each face: its laws with the cases tried and the first failure, with the seed that draws it
    again; its omissions with how often each was exercised by a value that was then lost."""
    proof = prove(face, cases, seed)
    laws = [{"law": one.law, "cases": one.cases, "ok": one.ok, "failure": one.failure} for one in proof.laws]
    omissions = [
        {
            "side": one.side,
            "place": one.omission.text,
            "reason": one.omission.reason,
            "line": str(one.omission.where),
            "exercised": one.exercised,
            "ok": one.ok,
            "failure": one.wrong,
        }
        for one in proof.omissions
    ]
    return {"face": face.name, "site": site, "ok": proof.ok, "laws": laws, "omissions": omissions}


def _lines(one: dict[str, Any]) -> Iterator[str]:
    name = f"{one['face']} {one['site'] or ''}".strip()
    for law in one["laws"]:
        state = "holds" if law["ok"] else f"FAILS: {law['failure']}"
        yield f"{name}: law {law['law']}: {law['cases']} cases: {state}"
    for omission in one["omissions"]:
        what = f"{name}: omits {omission['side']} {omission['place']}"
        if omission["ok"]:
            yield f"{what}: {omission['exercised']} values, all lost"
        else:
            yield f"{what} ({omission['line']}): FAILS: {omission['failure']}"
