"""On which line of a TOML text each key, and each element of a list, stands: what load errors and lineage point to."""

from __future__ import annotations

Key = tuple[str, str]  # table ("" at the top), key


class Lines:
    """`line(table, key)` is where the key stands, `line(table, key, n)` where the n-th element of its list begins."""

    def __init__(self, text: str):
        self._keys: dict[Key, int] = {}
        self._elements: dict[Key, list[int]] = {}
        _Scan(text, self._keys, self._elements).run()

    def line(self, table: str, key: str, element: int | None = None) -> int:
        """Line numbers count from 1; what is not found is answered with the line of the table, else with 1."""
        elements = self._elements.get((table, key), [])
        if element is not None and element < len(elements):
            return elements[element]
        return self._keys.get((table, key)) or self._keys.get((table, "")) or 1


class _Scan:
    """Reads a text that tomllib has already accepted, so it only needs to tell strings from structure."""

    def __init__(self, text: str, keys: dict[Key, int], elements: dict[Key, list[int]]):
        self.text, self.keys, self.elements = text, keys, elements
        self.at, self.line, self.table = 0, 1, ""

    def run(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r\n":
                self.step()
            elif char == "#":
                self.to_line_end()
            elif char == "[":
                self.header()
            else:
                self.pair()

    def step(self) -> None:
        if self.text[self.at] == "\n":
            self.line += 1
        self.at += 1

    def to_line_end(self) -> None:
        while self.at < len(self.text) and self.text[self.at] != "\n":
            self.at += 1

    def header(self) -> None:
        end = self.text.index("]", self.at)
        self.table = self.text[self.at : end].strip("[ ").replace('"', "").replace("'", "")
        self.keys.setdefault((self.table, ""), self.line)
        self.to_line_end()

    def pair(self) -> None:
        name, line = self.key(), self.line
        self.keys.setdefault((self.table, name), line)
        self.value((self.table, name))

    def key(self) -> str:
        parts: list[str] = []
        while (char := self.text[self.at]) != "=":
            if char in "\"'":
                parts.append(self.string()[1:-1])
            else:
                parts.append(char)
                self.step()
        self.step()
        return "".join(parts).strip()

    def string(self) -> str:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            if self.text[self.at] == "\\" and quote == '"':
                self.at += 1
            self.step()
        self.at += len(mark)
        return self.text[start : self.at]

    def value(self, key: Key) -> None:
        depth, fresh, a_list = 0, False, False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\n" and depth == 0:
                return
            if char == "#":
                self.to_line_end()
                continue
            if char not in " \t\r\n,]}" and depth == 1 and fresh:
                self.elements.setdefault(key, []).append(self.line)
                fresh = False
            if char in "\"'":
                self.string()
                continue
            if char in "[{":
                depth += 1
                if depth == 1:
                    fresh = a_list = char == "["
            elif char in "]}":
                depth -= 1
            elif char == "," and depth == 1:
                fresh = a_list
            self.step()
