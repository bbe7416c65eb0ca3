"""Delimited files: what Excel and other programs write, and every way in which such a file can be broken."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from integrator.errors import Rejected
from integrator.formats.delimited import LONGEST_LINE, Row, Table, column_name

HEADER = b"subject;instrument;value\n"


def rows(data: bytes, encoding: str = "utf-8") -> list[Row]:
    return list(Table(io.BytesIO(data), encoding))


def test_rows_by_their_columns():
    assert rows(HEADER + b"P-1;pain-vas;3\n;;\nP-2; ecog ;\n") == [
        Row(2, {"subject": "P-1", "instrument": "pain-vas", "value": "3"}),
        Row(4, {"subject": "P-2", "instrument": "ecog"}),
    ]


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [(b"a;b;c\n1;2;3\n", ";"), (b"a,b,c\r\n1,2,3\r\n", ","), (b"a\tb\tc\n1\t2\t3", "\t"), (b'"a;x",b,c\n1,2,3\n', ",")],
)
def test_the_delimiter_is_told_by_the_header(data: bytes, delimiter: str):
    table = Table(io.BytesIO(data))
    assert table.delimiter == delimiter
    assert [list(row.cells.values()) for row in table] == [["1", "2", "3"]]


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert rows(b"\xef\xbb\xbf" + HEADER + b"P-1;;3\n") == [Row(2, {"subject": "P-1", "value": "3"})]


def test_a_cell_in_quotation_marks_may_have_anything():
    (row,) = rows(b'a;note\n1;"first; ""so""\nsecond"\n')
    assert row.cells["note"] == 'first; "so"\nsecond'


def test_lines_are_counted_through_cells_of_several_lines():
    assert [row.line for row in rows(b'a;b\n1;"x\ny"\n2;z\n')] == [2, 4]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Pain before (VAS)", "pain_before_vas"), (" Subject ", "subject"), ("6MWT", "_6mwt"), ("---", "")],
)
def test_names_in_one_spelling(text: str, name: str):
    assert column_name(text) == name


def test_umlauts_of_windows_only_when_told():
    data = HEADER + "P-1;pain-vas;Müller\n".encode("cp1252")
    with pytest.raises(Rejected, match='line 2 is not UTF-8; save the file as "CSV UTF-8", or say --encoding cp1252'):
        rows(data)
    assert rows(data, "cp1252")[0].cells["value"] == "Müller"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        ("a;b\n".encode("utf-16"), "the file is UTF-16"),
        (b"a;a\n", "two columns are named a"),
        (b"a;;c\n", "column 2 has no name"),
        (b"a;b\n1;\0\n", "line 2 has a zero byte"),
        (b'a;b\n1;2\n3;"open\n4;5\n', "line 3: unexpected end of data; is a quotation mark not closed?"),
        (b'a;b\n1;"x"y\n', "line 2: "),
        (b"a;b\n" + b"x" * (LONGEST_LINE + 2), "line 2 is longer than"),
    ],
)
def test_files_that_cannot_be_read(data: bytes, words: str):
    with pytest.raises(Rejected) as wrong:
        rows(data)
    assert words in str(wrong.value)


def test_missing_columns_are_named():
    with pytest.raises(Rejected, match="these columns are missing: time, value; the file has subject, instrument"):
        Table(io.BytesIO(b"subject;instrument\n")).needs(("subject", "time", "value"))


def test_a_row_of_another_length_is_shown_as_such():
    few, many = rows(HEADER + b"P-1;pain-vas\nP-1;pain-vas;3;4\n")
    assert few.wrong == "has 2 cells, and the first line names 3 columns"
    assert many.wrong == "has 4 cells, and the first line names 3 columns"


class Endless(io.RawIOBase):
    """A file of a million rows that is never whole anywhere."""

    def __init__(self, count: int):
        self.left = count
        self.header = True

    def readline(self, size: int | None = -1) -> bytes:
        if self.header:
            self.header = False
            return HEADER
        self.left -= 1
        return b"P-1;pain-vas;3\n" if self.left >= 0 else b""


def test_a_long_file_takes_no_memory():
    tracemalloc.start()
    count = sum(1 for _ in Table(Endless(100_000)))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 1_000_000
