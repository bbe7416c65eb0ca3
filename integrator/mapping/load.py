"""The register of faces: every file under mappings/ is loaded, checked and compiled once, at start."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from integrator.errors import ConfigError
from integrator.formats.hl7v2 import Message
from integrator.mapping.check import check
from integrator.mapping.code_files import load_codes
from integrator.mapping.codes import CodeMap
from integrator.mapping.declare import declare
from integrator.mapping.face import Face, tree_of
from integrator.mapping.layers import Layers, chain, face_files, refuse
from integrator.mapping.written_values import usual


def load_faces(root: Path | None = None) -> Faces:
    """All faces below `root` (the package's mappings/, else the checkout's). ConfigError names file and line.

    The program's own faces are loaded once in a process: they never change while it runs.
    """
    return Faces(root) if root else _own()


@cache
def _own() -> Faces:
    return Faces(mappings_folder())


def mappings_folder() -> Path:
    """Where the faces are: beside the package's code when installed, at the top of a checkout."""
    package = Path(__file__).parents[1]
    for place in (package / "mappings", package.parent / "mappings"):
        if place.is_dir():
            return place
    raise ConfigError("there is no folder mappings/ beside the program")


class Faces:
    """The faces by name ("hl7v2/siu-appointment"), each also as a site uses it."""

    def __init__(self, root: Path):
        self.root = root.resolve()
        if not self.root.is_dir():
            raise ConfigError("there is no such folder", str(root))
        self.sites = sorted(path.name for path in (self.root / "sites").glob("*") if path.is_dir())
        self._faces: dict[tuple[str, str | None], Face] = {}
        self._reading: dict[tuple[str, str | None], list[Face]] = {}
        self._types: dict[tuple[str, str | None, str], list[Face]] = {}
        self._writing: dict[tuple[str, str, str | None], Face] = {}
        names = {self._name(path): path for path in face_files(self.root)}
        for name, path in names.items():
            self._faces[name, None] = self._compile(name, path, None)
        for site in self.sites:
            own = self._of_site(site, set(names))
            for name, path in names.items():
                if name in own or self._codes_of(site) & _uses(self._faces[name, None]):
                    self._faces[name, site] = self._compile(name, own.get(name, path), site)

    def __iter__(self) -> Iterator[Face]:
        """Every face, with those of the sites."""
        return iter(self._faces.values())

    def get(self, name: str, site: str | None = None) -> Face:
        """The face as a site uses it; without a site, or where the site says nothing, the common one."""
        self._known(site)
        found = self._faces.get((name, site)) or self._faces.get((name, None))
        if found is None:
            have = ", ".join(sorted({name for name, _ in self._faces}))
            raise ConfigError(f"there is no face {name!r}; there are {have}")
        return found

    def names(self) -> list[str]:
        """The names of all faces, sites apart."""
        return sorted({name for name, _ in self._faces})

    def reading(self, folder: str, document: Message | dict[str, Any], site: str | None = None) -> list[Face]:
        """The faces of a folder ("hl7v2") that read this document: those whose [when] holds."""
        faces = self._readers(folder, site)
        if document.__class__ is Message and usual(document):
            faces = self._of_type(folder, site, document)
            if all(face.by_type for face in faces):
                return faces.copy()
        tree = tree_of(document)
        return [face for face in faces if face.applies(tree)]

    def _of_type(self, folder: str, site: str | None, message: Message) -> list[Face]:
        """The faces whose conditions on MSH-9 hold; remembered, for types are few."""
        head = message.first("MSH")
        raw = head.raw(9) if head is not None else ""
        found = self._types.get((folder, site, raw))
        if found is None:
            found = [face for face in self._readers(folder, site) if face.reads_type(message)]
            if "\\" not in raw and len(self._types) < 4096:
                self._types[folder, site, raw] = found
        return found

    def _readers(self, folder: str, site: str | None) -> list[Face]:
        """The faces of a folder that read, looked up once."""
        found = self._reading.get((folder, site))
        if found is None:
            faces = [self.get(name, site) for name in self.names() if name.startswith(folder + "/")]
            found = self._reading[folder, site] = [face for face in faces if face.declared.reads]
        return found

    def writing(self, record: str, folder: str, site: str | None = None) -> Face:
        """The face of a folder ("fhir-r4") that writes this record; looked up once."""
        known = self._writing.get((record, folder, site))
        if known is not None:
            return known
        found = [self.get(name, site) for name in self.names() if name.startswith(folder + "/")]
        for face in found:
            if face.declared.writes and face.record == record:
                self._writing[record, folder, site] = face
                return face
        raise ConfigError(f"there is no face that writes {record} as {folder}; make mappings/{folder}/")

    def _known(self, site: str | None) -> None:
        if site and site not in self.sites:
            raise ConfigError(f"there is no site {site!r}; there are {', '.join(self.sites) or 'none'}")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).with_suffix("").as_posix()

    def _codes_of(self, site: str) -> set[str]:
        """The names of the code maps to which a site adds rows."""
        return {path.stem for path in (self.root / "sites" / site / "codes").glob("*.toml")}

    def _of_site(self, site: str, names: set[str]) -> dict[str, Path]:
        """The files of a site by the name of the face that each extends."""
        found: dict[str, Path] = {}
        for path in sorted((self.root / "sites" / site).glob("*.toml")):
            files = chain(path, self.root)
            where = files[-1].where("", "extends")
            if len(files) < 2:
                refuse("a file of a site says what it extends", files[-1].where("", ""))
            name = self._name(files[-2].path)
            if name in found:
                refuse(f"{name} is already extended by {found[name].name} of this site", where)
            if name not in names:
                refuse(f"{name} is no face", where)
            found[name] = path
        return found

    def _compile(self, name: str, path: Path, site: str | None) -> Face:
        maps: dict[str, CodeMap | None] = {}

        def find_codes(wanted: str) -> CodeMap | None:
            if wanted not in maps:
                maps[wanted] = load_codes(wanted, self.root, site)
            return maps[wanted]

        declared = declare(name, Layers(chain(path, self.root)), find_codes)
        check(declared)
        return Face(declared)


def _uses(face: Face) -> set[str]:
    """The names of the code maps of a face."""
    return {choice.codes.name for field in face.declared.fields for choice in field.choices if choice.codes}
