"""Each refusal of a face: a broken face in tests/cases/bad-faces/ and the words that it prints, with file and line.

NAME.toml stands in fhir-r4/; NAME.codes.toml is its code map, NAME.site.toml its file of the site NAME, and so on. The
words are renewed with RENEW=bad-faces, and then they are for a person to read.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integrator.errors import ConfigError
from integrator.mapping import load_faces

CASES = Path(__file__).parents[1] / "cases" / "bad-faces"
NAMES = sorted(path.name.removesuffix(".toml") for path in CASES.glob("*.toml") if path.name.count(".") == 1)
PLACES = {
    "": "fhir-r4/{}.toml",
    "codes": "codes/{}.toml",
    "site": "sites/{}/{}.toml",
    "site-of-site": "sites/{}-again/{}.toml",
    "pack": "pack/{}.toml",
    "pack-of-pack": "deeper/{}.toml",
}


def printed(folder: Path, name: str) -> str:
    """What a broken face prints when it is loaded."""
    root = folder / "mappings"
    for kind, place in PLACES.items():
        source = CASES / f"{name}.{kind}.toml".replace("..", ".")
        if source.exists():
            target = root / place.format(name, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text("utf-8"), "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_faces(root)
    return f"{refused.value}\n"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_in_these_words(tmp_path: Path, name: str):
    words = CASES / f"{name}.txt"
    found = printed(tmp_path, name)
    if os.environ.get("RENEW") == "bad-faces":
        words.write_text(found, "utf-8")
    assert found == words.read_text("utf-8")
    assert found.startswith("mappings/")


def test_every_file_belongs_to_a_case():
    stems = {path.name.partition(".")[0] for path in CASES.iterdir()}
    assert stems == set(NAMES)
    assert all((CASES / f"{name}.txt").exists() for name in NAMES)
