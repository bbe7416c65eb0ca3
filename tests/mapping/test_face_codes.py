"""Code maps: rows in order, alternatives, nothing there, lists, both directions."""

from __future__ import annotations

from integrator.mapping.codes import CodeMap, Row, cell


def code_map(*rows, values=None, columns=2):
    made = tuple(Row(tuple(cell(one) for one in row[:-1]), row[-1] or None, "f", n) for n, row in enumerate(rows, 1))
    outside = columns - 1
    return CodeMap("m", ("a", "b", "c")[:columns], values or (None,) * outside, made, {}, {"f": ""})


def test_the_first_row_that_matches_counts():
    codes = code_map(["A|B", "one"], ["*", "two"])
    assert codes.read(("B",), True).row.value == "one"
    assert codes.read(("C",), True).row.value == "two"


def test_hl7_codes_are_trimmed_and_without_case_others_are_not():
    codes = code_map(["Booked", "one"], values=(("Booked",),))
    assert codes.read((" bOOked ",), True).row.value == "one"
    assert codes.read(("booked",), False).row is None


def test_nothing_there_is_a_code_of_its_own():
    codes = code_map(["A", "", "one"], ["A", "*", "two"], columns=3)
    assert codes.read(("A", ""), True).row.value == "one"
    assert codes.read(("A", "x"), True).row.value == "two"


def test_written_is_the_first_row_without_a_star_and_the_event_that_is_wanted():
    codes = code_map(["S17", "*", "gone"], ["S12|S13|S14", "Booked", "booked"], columns=3)
    assert codes.write("gone") is None
    assert codes.write("booked") == ("S12", "Booked")
    assert codes.write("booked", "S13") == ("S13", "Booked")
    assert codes.write("booked", "S15") == ("S12", "Booked")


def test_an_open_map_tells_a_known_nothing_from_an_unknown_code():
    codes = code_map(["A", "one"], ["B", ""], ["*", ""])
    assert codes.read(("B",), True).unknown is False
    assert codes.read(("C",), True).unknown is True
    assert codes.read(("",), True).unknown is False


def test_gaps_are_found_over_the_product_of_the_columns():
    codes = code_map(["A", "x", "one"], ["B", "*", "two"], values=(("A", "B"), ("x", "y")), columns=3)
    assert codes.gaps(True) == [("A", "y")]


def test_an_open_map_without_a_last_row_has_a_gap():
    assert code_map(["A", "one"]).gaps(True) == [("\x00anything else",)]


def test_of_a_list_of_codes_the_value_that_stands_first_in_the_order_counts() -> None:
    rows = (Row((("a",),), "weak", "f", 1), Row((("b",),), "strong", "f", 2), Row((None,), None, "f", 3))
    codes = CodeMap("m", ("a", "b"), (None,), rows, {}, {"f": ""}, order=("strong", "weak"))

    def of(*texts: str) -> str | None:
        found = codes.strongest([codes.read((text,), fold=True) for text in texts])
        return None if found.unknown or found.row is None else found.row.value

    assert of("a") == "weak"
    assert of("a", "b") == of("b", "a") == of("x", "b") == "strong"
    assert of("a", "x") is None, "what is not known may be the strong one"
