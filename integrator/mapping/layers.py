"""The text of a face: one TOML file, or a file and what it extends, merged with every key's file and line kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from integrator.errors import ConfigError
from integrator.mapping.model import Where
from integrator.mapping.toml_lines import Lines

HEAD = ("record", "form", "direction", "why", "about", "absent", "each", "extends")
TABLES = ("names", "when", "field", "constant", "omit")
OMIT = ("ours", "theirs")


def refuse(text: str, where: Where) -> NoReturn:
    """A mapping file that cannot be used."""
    raise ConfigError(text, where.file, where.line)


@dataclass(frozen=True)
class TomlFile:
    """One TOML file of the mappings, with its lines. `name` is its path below the folder that holds mappings/."""

    path: Path
    name: str
    text: str
    data: dict[str, Any]
    lines: Lines

    def where(self, table: str, key: str, element: int | None = None) -> Where:
        return Where(self.name, self.lines.line(table, key, element))


def read_toml(path: Path, root: Path) -> TomlFile:
    """Reads one file; ConfigError where it is no TOML."""
    name = f"{root.name}/{path.relative_to(root).as_posix()}"
    text = path.read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = str(error).rpartition("(at line ")[2].split(",")[0]
        raise ConfigError(f"not TOML: {error}", name, int(found) if found.isdigit() else 1) from None
    return TomlFile(path, name, text, data, Lines(text))


@dataclass(frozen=True)
class Entry:
    """One key of a table, from whichever file said it last."""

    key: str
    value: Any
    file: TomlFile
    table: str

    @property
    def where(self) -> Where:
        return self.file.where(self.table, self.key)

    def element(self, number: int) -> Where:
        """Where the n-th element of the value's list stands."""
        return self.file.where(self.table, self.key, number)


class Layers:
    """The files of a face, the extended one first."""

    def __init__(self, files: list[TomlFile]):
        self.files = files
        for file in files:
            _known_words(file)

    def head(self, word: str) -> Entry | None:
        """A head word, of the last file that has it."""
        for file in reversed(self.files):
            if word in file.data:
                return Entry(word, file.data[word], file, "")
        return None

    def table(self, *path: str) -> dict[str, Entry]:
        """A table's keys; a later file replaces. What a file omits of ours, it takes from the files before, and a
        field of a later file lifts the omission of an earlier one."""
        name = ".".join(path)
        found: dict[str, Entry] = {}
        for file in self.files:
            if path == ("field",):
                for key in _sub(file, "omit", "ours"):
                    found = {have: entry for have, entry in found.items() if not _same_place(have, key)}
            if path == ("omit", "ours"):
                for key in _sub(file, "field"):
                    found = {have: entry for have, entry in found.items() if not _same_place(have, key)}
            for key, value in _sub(file, *path).items():
                found[key] = Entry(key, value, file, name)
        return found


def _same_place(one: str, other: str) -> bool:
    """Whether two record paths are one place or lie in one another."""
    first, second = one.replace("[]", "") + ".", other.replace("[]", "") + "."
    return first.startswith(second) or second.startswith(first)


def _sub(file: TomlFile, *path: str) -> dict[str, Any]:
    found: Any = file.data
    for name in path:
        found = found.get(name, {})
    return dict(found)


def _known_words(file: TomlFile) -> None:
    for word, value in file.data.items():
        table = isinstance(value, dict)
        known = TABLES if table else HEAD
        if word not in known:
            what = f"the table [{word}]" if table else f"the word {word!r}"
            refuse(f"{what} is not known; a face has {', '.join(known)}", file.where(word if table else "", word))
    for part in file.data.get("omit", {}):
        if part not in OMIT:
            refuse(f"[omit.{part}] is not known; write [omit.ours] or [omit.theirs]", file.where(f"omit.{part}", ""))


def chain(path: Path, root: Path) -> list[TomlFile]:
    """The file and what it extends, base first. A pack extends a face, a site a pack or a face, nothing a site."""
    files = [read_toml(path, root)]
    while "extends" in files[0].data:
        file = files[0]
        where = file.where("", "extends")
        target = (file.path.parent / str(file.data["extends"])).resolve()
        if not target.is_file():
            refuse(f"extends {file.data['extends']!r}: there is no such file", where)
        if not target.is_relative_to(root):
            refuse(f"extends {file.data['extends']!r}: that is outside the mappings", where)
        base = read_toml(target, root)
        if is_site(target, root):
            refuse(f"extends {base.name}: nothing extends a site; extend the face and say both things", where)
        if "extends" in base.data and not is_site(file.path, root):
            refuse(f"extends {base.name}, which extends another face; only a site extends a pack", where)
        files.insert(0, base)
    return files


def is_site(path: Path, root: Path) -> bool:
    return path.relative_to(root).parts[0] == "sites"


def face_files(root: Path) -> Iterator[Path]:
    """All faces and packs, sites and code maps apart."""
    for path in sorted(root.rglob("*.toml")):
        if path.relative_to(root).parts[0] not in ("sites", "codes"):
            yield path
