"""A face as it was: compiled again from the text that the store keeps under its hash."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from integrator.errors import ConfigError
from integrator.mapping.face import Face
from integrator.mapping.load import Faces

_HEADER = re.compile(r"^# (?P<root>[\w.-]+)/(?P<path>[\w./-]+\.toml)$", re.MULTILINE)


@lru_cache(maxsize=32)
def face_as_it_was(name: str, digest: str, text: str) -> Face | None:
    """The face `name` whose kept text has this digest; None: this release cannot compile it any more."""
    found = list(_HEADER.finditer(text))
    files: dict[str, str] = {}
    for number, header in enumerate(found):
        end = found[number + 1].start() - 1 if number + 1 < len(found) else len(text)
        files[f"{header['root']}/{header['path']}"] = text[header.end() + 1 : end]
    with TemporaryDirectory(prefix="integrator-") as folder:
        for path, content in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
        sites = {path.split("/")[2] for path in files if path.split("/")[1:2] == ["sites"]}
        try:
            roots = {path.split("/")[0] for path in files}
            faces = [Faces(Path(folder, root)) for root in roots]
            all_of_them = [every.get(name, site) for every in faces for site in (None, *sites)]
        except ConfigError:
            return None
    return next((face for face in all_of_them if face.hash == digest), None)
