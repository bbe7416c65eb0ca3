"""A set of faces: the texts of all files of a mappings folder, their one hash, and what differs between two sets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from integrator.errors import ConfigError
from integrator.mapping.codes import CodeMap
from integrator.mapping.face import Face
from integrator.mapping.load import Faces, load_faces, mappings_folder


@dataclass(frozen=True)
class FaceSet:
    """Every mapping file by its path below mappings/ ("hl7v2/siu-appointment.toml"), as texts."""

    texts: Mapping[str, str]
    root: Path | None = None  # the folder that they were read from, and still are in; None: they come from a store

    @cached_property
    def manifest(self) -> str:
        """One line for each file, in order: the SHA-256 of its text, two blanks, its path."""
        return "".join(f"{text_hash(text)}  {path}\n" for path, text in sorted(self.texts.items()))

    @cached_property
    def hash(self) -> str:
        """The hash of the set: SHA-256 of its manifest."""
        return text_hash(self.manifest)

    @cached_property
    def faces(self) -> Faces:
        """The set loaded, checked and compiled. ConfigError names file and line."""
        if self.root is not None:
            return load_faces(None if self.root == mappings_folder() else self.root)
        with TemporaryDirectory(prefix="integrator-") as folder:
            root = Path(folder) / "mappings"
            for path, text in self.texts.items():
                place = root / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="")
            return Faces(root)


def text_hash(text: str) -> str:
    """SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def set_in(folder: Path) -> FaceSet:
    """The set that the files of a folder make now. ConfigError: there is no such folder, or a file is no text."""
    if not folder.is_dir():
        raise ConfigError("there is no such folder of mappings", str(folder))
    texts = {}
    for path in sorted(folder.rglob("*.toml")):
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_bytes().decode()
        except UnicodeDecodeError as wrong:
            raise ConfigError(f"not UTF-8 ({wrong.reason} at byte {wrong.start})", str(path)) from None
    return FaceSet(texts, folder)


def set_of(manifest: str, text_of: Callable[[str], str]) -> FaceSet:
    """The set of a manifest; `text_of` gives a text by its hash."""
    lines = (line.split("  ", 1) for line in manifest.splitlines())
    return FaceSet({path: text_of(digest) for digest, path in lines})


@dataclass(frozen=True, slots=True)
class FaceChange:
    """A face, as a site has it or (None) as all others have it, that is another in the new set."""

    name: str
    site: str | None
    before: str | None  # its hash; None: there was none
    after: str | None  # None: there is none any more


def changes_of(before: Faces, after: Faces) -> list[FaceChange]:
    """The faces that differ between two sets, in order of their names."""
    old, new = _hashes(before), _hashes(after)
    keys = sorted(old.keys() | new.keys(), key=lambda key: (key[0], key[1] or ""))
    return [FaceChange(*key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def _hashes(faces: Faces) -> dict[tuple[str, str | None], str]:
    """The hash of each face, and of what a site has of it where that is another."""
    found: dict[tuple[str, str | None], str] = {}
    for name in faces.names():
        found[name, None] = faces.get(name).hash
        for site in faces.sites:
            if (digest := faces.get(name, site).hash) != found[name, None]:
                found[name, site] = digest
    return found


def code_maps(faces: Faces) -> dict[tuple[str, str | None], CodeMap]:
    """Every code map that some face uses, by name and site (None: as all have it that say nothing else)."""
    found: dict[tuple[str, str | None], CodeMap] = {}
    for site in (None, *faces.sites):
        for name in faces.names():
            for one in maps_of(faces.get(name, site)):
                common = found.get((one.name, None))
                if site is None or common is None or common.rows != one.rows:
                    found[one.name, site] = one
    return found


def maps_of(face: Face) -> list[CodeMap]:
    """The code maps of one face."""
    return [choice.codes for field in face.declared.fields for choice in field.choices if choice.codes]
