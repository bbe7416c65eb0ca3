"""A code that nobody mapped: one question, a suggestion, and an answer that is a signed row in the site's file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from sqlalchemy import select

from integrator.accepting import Accepting
from integrator.answering import Answering
from integrator.errors import ConfigError, Rejected
from integrator.mapping.site_rows import with_row
from integrator.store import questions, schema
from tests.houses import OTHER, TestHouse, house, siu
from tests.test_accepting import edit, few_mappings

pytestmark = pytest.mark.usefixtures("each_store")
OPEN = "S12|S13|S14|S18|S19|S20|S21|S22|S23|S24|S27"  # the triggers that do not say the status themselves
SIGNED = {"site": "sandbox", "who": "HTEST-Nurse", "why": "their word for it"}


@pytest.fixture
def own(tmp_path) -> Path:
    """The hospital's own mapping files, beside the configuration."""
    return few_mappings(tmp_path / "mappings")


def answering(opened: TestHouse) -> Answering:
    return Answering(opened.line, Accepting(opened.line, lambda: None))


def answer(opened: TestHouse, *said: str, **more) -> dict:
    doings = answering(opened)
    done = doings.answer(*said, **SIGNED | more)
    while not doings.accepting.go_on("HTEST-Nurse")["finished"]:
        pass
    opened.read_all()
    return done


def asked(opened: TestHouse) -> list[str]:
    with opened.line.store.read() as tx:
        return [one.text for one in questions.in_state(tx)]


def held(n: int, status: str = "Verschoben", event: str = "S12", **more) -> bytes:
    return siu(event, control_id=f"H{n}", filler=f"H-{n}", status=status, **more)


def test_a_code_holds_its_messages_under_one_question_and_the_answer_lets_them_go(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(held(1), held(2, "verschoben"), held(3, event="S13"), held(4), held(5, number=OTHER), siu())
        opened.read_all()
        assert opened.states() == {"held": 4, "unwanted": 1, "merged": 1}
        assert len(asked(opened)) == 1
        assert "'Verschoben' (SCH-25) has no row in siu-status; its messages are held." in asked(opened)[0]
        (found,) = answering(opened).codes()
        assert (found["map"], found["code"], found["place"], found["source"]) == (
            "siu-status",
            "Verschoben",
            "SCH-25",
            "aria",
        )
        assert (found["held"], len(found["examples"]), found["beside"]) == (4, 3, {"MSH-9.2": ["S12", "S13"]})
        done = answer(opened, "siu-status", "Verschoben", "booked")
        assert done["row"] == [OPEN, "Verschoben", "booked"]
        assert opened.states() == {"unwanted": 1, "merged": 5}
        assert (asked(opened), answering(opened).codes()) == ([], [])
        text = (own / "sites/sandbox/codes/siu-status.toml").read_text(encoding="utf-8")
        assert "# 2026-03-10, HTEST-Nurse: their word for it\n" in text
        with opened.line.store.read() as tx:
            (entry,) = tx.all(select(schema.journal.c.detail).where(schema.journal.c.actor == "HTEST-Nurse").limit(1))
        assert entry[0]["reason"] == "siu-status: Verschoben is booked: their word for it"


def test_an_unknown_activity_is_answered_the_same_way(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu(activity="RT-FRACTIO"), siu(control_id="M2", filler="F-2", activity="RT-FRACTIO"))
        opened.read_all()
        (found,) = [one for one in answering(opened).codes() if one["map"] == "siu-activity"]
        assert (found["count"], found["held"], len(found["examples"])) == (2, 0, 2)
        assert found["suggestion"]["value"] == "fraction"
        assert "RT-FRACTION" in found["suggestion"]["because"]
        answer(opened, "siu-activity", "RT-FRACTIO", "fraction")
        assert [row.body["activity"] for row in opened.records()] == ["fraction", "fraction"]
        assert [one for one in answering(opened).codes() if one["map"] == "siu-activity"] == []


def test_what_is_answered_to_be_none_of_the_trials_is_taken_back(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu(activity="RT-CBCT"))
        opened.read_all()
        assert [row.status for row in opened.records()] == ["booked"]
        answer(opened, "siu-activity", "RT-CBCT", "other")
        (row,) = opened.records()
        assert (row.status, row.body["activity"], row.version) == ("entered-in-error", "other", 2)
        assert asked(opened) == []
        again = opened.line.read_again([opened.message(1).id])
        assert again["changed"] == 0


def test_what_another_site_says_of_the_code_is_suggested_and_never_chosen(tmp_path, own):
    other = own / "sites/other/codes"
    other.mkdir(parents=True)
    rows = (
        'about = "Words"\ncolumns = ["MSH-9.2", "SCH-25", "status"]\nrows = [\n  ["*", "Termin fix", "pending"],\n]\n'
    )
    (other / "siu-status.toml").write_text(rows, encoding="utf-8")
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(held(1, "Termin fix"))
        opened.read_all()
        assert opened.states() == {"held": 1}
        assert "Suggested: pending (so sites/other says of the same code)." in asked(opened)[0]


def test_an_answer_that_the_record_does_not_have_writes_nothing(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(held(1))
        opened.read_all()
        used = opened.line.used.hash
        with pytest.raises(ConfigError, match=r"siu-status.toml:\d+: .*moved"):
            answering(opened).answer("siu-status", "Verschoben", "moved", **SIGNED)
        assert not (own / "sites/sandbox/codes/siu-status.toml").exists()
        assert opened.line.used.hash == used
        assert opened.states() == {"held": 1}


@pytest.mark.parametrize(
    ("said", "more", "words"),
    [
        (("siu-status", "Booked", "booked"), {}, "has a row for 'Booked' already"),
        (("siu-statu", "Neu", "booked"), {}, "there is no code map"),
        (("siu-activity", "A|B", "other"), {}, "a row cannot say"),
        (("siu-activity", "X", "other"), {"who": " "}, "signed"),
        (("siu-activity", "X", "other"), {"site": "../x"}, "no name of a site"),
        (("siu-status", "Neu", "booked"), {"where": {"SCH-6": "x"}}, "has no column SCH-6"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(tmp_path, own, said, more, words):
    with house(tmp_path, mappings="mappings") as opened, pytest.raises(Rejected, match=words):
        answering(opened).answer(*said, **SIGNED | more)


def test_the_programs_own_files_are_not_written_to(tmp_path):
    with house(tmp_path) as opened, pytest.raises(Rejected, match=r"the program's own .* integrator mappings copy"):
        answering(opened).answer("siu-activity", "RT-FRACTIO", "fraction", **SIGNED)


def test_a_code_is_answered_before_it_comes_and_only_where_nothing_else_is_said(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        assert answer(opened, "siu-status", "Neu", "pending")["row"] == [OPEN, "Neu", "pending"]
        assert answer(opened, "siu-status", "Alt", "booked", where={"MSH-9.2": "*"})["row"] == ["*", "Alt", "booked"]
        opened.receive(held(1, "neu"), held(2, "neu", "S15"), held(3, "Alt", "S15"))
        opened.read_all()
        rows = {row.key[-1]: row.status for row in opened.records()}
        assert rows == {"1": "pending", "2": "cancelled", "3": "booked"}


def test_files_that_nobody_accepted_are_not_accepted_along_with_an_answer(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        edit(own, "sites/sandbox/siu-appointment.toml", "about ", "# later\nabout ")
        with pytest.raises(Rejected, match="differ from the accepted mappings"):
            answering(opened).answer("siu-activity", "X", "other", **SIGNED)


def test_the_programs_own_mappings_are_not_written_to(tmp_path, monkeypatch):
    import integrator.answering as room

    with house(tmp_path) as opened:
        monkeypatch.setattr(room.os, "access", lambda *_: False)
        with pytest.raises(Rejected, match=r"copy them with integrator mappings copy FOLDER"):
            answering(opened).answer("siu-activity", "X", "other", **SIGNED)


def test_a_row_is_added_as_the_first_and_all_else_stays():
    text = 'about = "x [rows]"\n# rows = [\ncolumns = ["A", "b"]\nrows    = [  # ours\n  ["1", "one"],\n]\n'
    made = with_row(text, "x", ("A", "b"), ('say "2"\x7f', "two"), "today,\n who: why")
    assert tomllib.loads(made)["rows"] == [['say "2"\x7f', "two"], ["1", "one"]]
    assert "# today, who: why\n" in made
    assert made.replace(made[made.index("\n  # today") : made.index("],") + 2], "", 1) == text
    assert tomllib.loads(with_row(None, "n", ("A", "b"), ("1", ""), "c"))["rows"] == [["1", ""]]
    with pytest.raises(Rejected, match="by hand"):
        with_row('rows = "x"', "n", ("A", "b"), ("1", ""), "c")
