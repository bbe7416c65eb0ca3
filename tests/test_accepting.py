"""Other mapping files: what they would change is told, and nothing is changed before somebody accepts them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from integrator.accepting import Accepting
from integrator.errors import ConfigError, RetryLater
from integrator.mapping.load import mappings_folder
from integrator.store import faces as kept
from integrator.store import owed, questions, records, schema
from tests.houses import OTHER, TestHouse, house, siu

FACE = "hl7v2/siu-appointment.toml"
SITE = "sites/sandbox/siu-appointment.toml"

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def own(tmp_path) -> Path:
    """The hospital's own mapping files, beside the configuration; as few as do, for each test loads them often."""
    return few_mappings(tmp_path / "mappings")


def few_mappings(folder: Path) -> Path:
    """Appointments and patients, in and out, for the sandbox."""
    left = shutil.ignore_patterns(
        "ctgov", "csv", "fhir-r5", "heidelberg", "dft*", "oru*", "research*", "*procedure*", "obs*"
    )
    return Path(shutil.copytree(mappings_folder(), folder, ignore=left))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def swap_room_and_name(folder: Path) -> None:
    edit(folder, SITE, "[field]\n", '[field]\n"place.name" = "AIL-3.2"\n"place.room" = "AIL-3.1"\n')


def take_away_time(folder: Path) -> None:
    file = folder / FACE
    text = re.sub(r"(?ms)^time +=.*?^\]\n", "", file.read_text(encoding="utf-8"))
    file.write_text(text.replace("[omit.ours]\n", '[omit.ours]\ntime = "tried"\n'), encoding="utf-8")


def accepting(opened: TestHouse) -> Accepting:
    return Accepting(opened.line, lambda: None)


def accept(opened: TestHouse, new: str = "files", **more) -> dict:
    """Accepts and reads again to the end; what is `received` again is read."""
    doings = accepting(opened)
    done = doings.accept(new, actor="HTEST-Nurse", reason="tried", **more)
    while not (again := doings.go_on("HTEST-Nurse"))["finished"]:
        pass
    opened.read_all()
    return done | {"again": again}


def places(opened: TestHouse) -> list[tuple[str, str]]:
    return [(row.body["place"]["name"], row.body["place"]["room"]) for row in opened.records()]


def test_the_first_start_accepts_what_is_there_and_a_restart_uses_it_whatever_the_files_say(tmp_path, own):
    with house(tmp_path, mappings="mappings") as first:
        used = first.line.used.hash
        assert accepting(first).state()["accepted"] == used == accepting(first).state()["files"]
    swap_room_and_name(own)
    with house(tmp_path, mappings="mappings") as again:
        assert again.line.used.hash == used
        state = accepting(again).state()
        assert (state["accepted"], state["files"] == used, state["finished"]) == (used, False, True)
        again.receive(siu())
        again.read_all()
        assert places(again) == [("LINAC 3", "R1")]


def test_a_store_of_before_accepts_what_is_there(tmp_path, own):
    with house(tmp_path, mappings="mappings") as first:
        first.receive(siu())
        first.read_all()
        with first.line.store.write() as tx:  # as a release left it that knew of no sets
            tx.run(schema.facts.delete().where(schema.facts.c.name == kept.ACCEPTED))
            tx.run(schema.faces.delete())
    swap_room_and_name(own)
    with house(tmp_path, mappings="mappings") as again:
        assert accepting(again).state()["accepted"] == accepting(again).state()["files"] == again.line.used.hash
        assert accepting(again).state()["finished"] is True
        assert places(again) == [("LINAC 3", "R1")]  # nothing is read again that nobody compared


def test_files_that_do_not_load_stop_no_restart(tmp_path, own):
    with house(tmp_path, mappings="mappings"):
        pass
    (own / FACE).write_text("nonsense", encoding="utf-8")
    with house(tmp_path, mappings="mappings") as again:
        again.receive(siu())
        again.read_all()
        assert again.states() == {"merged": 1}
        with pytest.raises(ConfigError, match=r"siu-appointment.toml:1"):
            accepting(again).accept("files")
        assert accepting(again).state()["accepted"] == again.line.used.hash


def test_a_difference_is_told_record_by_record_and_changes_nothing(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu(), siu(control_id="M2", filler="F-2"), siu(control_id="M3", filler="F-3", number=OTHER))
        opened.receive(siu("S13", control_id="M4", sent="20260310093000", start="20260313094000", end="20260313100000"))
        opened.read_all()
        before, states = opened.records(), opened.states()
        take_away_time(own)
        found = accepting(opened).diff("current", "files", since="30d")
        assert found["kinds"] == {"Appointment": {"change": 2, "lose start": 2}}
        assert (found["messages"], found["untouched"]) == (3, 2)  # another patient, and what the trial entered
        first = next(one for one in found["records"] if one["key"].endswith("F-1"))
        assert first["fields"]["time"]["before"]["start"].startswith("2026-03-13T09:40")
        assert first["fields"]["time"]["after"] is None
        assert (opened.records(), opened.states()) == (before, states)
        assert accepting(opened).diff("files", "current")["kinds"]["Appointment"]["change"] == 2


def test_accepted_files_read_all_again_and_going_back_is_the_same_way(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        old = opened.line.used.hash
        opened.receive(siu(), siu(control_id="M2", filler="F-2"))
        opened.read_all()
        face = opened.message(1).face
        swap_room_and_name(own)
        done = accept(opened)
        assert (done["before"], done["hash"]) == (old, opened.line.used.hash)
        assert {(one["name"], one["site"]) for one in done["faces"]} >= {("hl7v2/siu-appointment", "sandbox")}
        assert (done["again"]["messages"], done["again"]["changed"]) == (2, 2)
        assert places(opened) == [("R1", "LINAC 3")] * 2
        assert opened.message(1).face != face
        assert opened.message(1).face in {one["after"] for one in done["faces"]}
        assert opened.states() == {"merged": 2}
        back = accept(opened, f"kept:{old[:12]}")
        assert (back["hash"], places(opened)) == (old, [("LINAC 3", "R1")] * 2)
        assert opened.message(1).face == face
        assert accepting(opened).state()["files"] != old
    with house(tmp_path, mappings="mappings") as again:
        assert again.line.used.hash == old


def test_the_programs_own_files_are_read_as_they_are_now_not_as_they_were_loaded(tmp_path):
    with house(tmp_path) as opened:
        files = accepting(opened).named("files")
        assert files.hash == opened.line.used.hash
        assert files.faces is not opened.line.used.faces


def test_the_journal_says_who_accepted_what_and_why(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        swap_room_and_name(own)
        done = accept(opened)
        with opened.line.store.read() as tx:
            found = tx.all(select(*schema.journal.c).where(schema.journal.c.object_kind == "mappings"))
        first, told, again = sorted(found, key=lambda entry: entry.seq)
        assert (first.actor, first.detail["reason"]) == ("start", "the first start")
        assert (told.action, told.actor, told.object_id) == ("mappings accepted", "HTEST-Nurse", done["hash"])
        assert (told.detail["reason"], told.detail["faces"]) == ("tried", done["faces"])
        assert (again.action, again.actor) == ("read again", "HTEST-Nurse")


def test_nothing_else_is_accepted_than_what_was_looked_at(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        swap_room_and_name(own)
        seen = accepting(opened).diff("current", "files")["new"]
        edit(own, SITE, "about ", "# later\nabout ")
        with pytest.raises(Exception, match="changed since"):
            accepting(opened).accept(hash=seen)


def test_what_a_new_face_holds_and_what_an_old_one_held_goes_the_whole_way_again(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu(status="Overbook"), siu(control_id="M2", filler="F-2", status="Termin fix"))
        opened.read_all()
        assert opened.states() == {"merged": 1, "held": 1}
        edit(own, "codes/siu-status.toml", ', "Overbook"]', ', "Termin fix"]')
        edit(own, "codes/siu-status.toml", '"Overbook",        "booked"', '"Termin fix",      "pending"')
        found = accepting(opened).diff("current", "files")
        assert (found["before"]["held"], found["after"]["held"]) == (1, 1)
        assert found["kinds"]["Appointment"]["come"] == 1
        done = accept(opened)
        assert done["again"]["unspoken"] == 1
        assert opened.message(1).state == "held"
        assert opened.message(2).state == "merged"
        assert {row.key[-3:]: row.status for row in opened.records()} == {"F-1": "booked", "F-2": "pending"}
        with opened.line.store.read() as tx:
            assert "unspoken" in [one.cause for one in questions.in_state(tx)]


def test_another_key_makes_another_record(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu())
        opened.read_all()
        edit(own, FACE, 'filler   = "SCH-2"', 'filler   = "SCH-1"')
        edit(own, FACE, 'placer   = "SCH-1"', 'placer   = "SCH-2"')
        found = accepting(opened).diff("current", "files")
        assert found["kinds"]["Appointment"] == {"go": 1, "come": 1}
        accept(opened)
        assert sorted(row.key for row in opened.records()) == ["aria|ARIA|F-1", "aria|KIS|P-F-1"]


def test_what_was_read_with_the_faces_before_is_not_merged_after_others_were_accepted(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu())
        used, message = opened.line.used, opened.message(1)
        said = opened.line.read(message)
        swap_room_and_name(own)
        accepting(opened).accept("files")
        with pytest.raises(RetryLater), opened.line.store.write() as tx:
            opened.line.reserve(tx, [said], used)
        opened.read_all()
        assert places(opened) == [("R1", "LINAC 3")]


def test_reading_again_that_broke_off_goes_on_after_a_restart(tmp_path, own):
    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu())
        opened.read_all()
        swap_room_and_name(own)
        accepting(opened).accept("files")
    with house(tmp_path, mappings="mappings") as again:
        assert places(again) == [("LINAC 3", "R1")]
        assert accepting(again).state()["finished"] is False
        doings = accepting(again)
        while not doings.go_on()["finished"]:
            pass
        assert places(again) == [("R1", "LINAC 3")]
        assert accepting(again).state()["finished"] is True


def test_a_store_whose_faces_cannot_be_loaded_any_more_says_how_to_go_on(tmp_path, own):
    from integrator.app import open_line
    from tests.houses import settings

    with house(tmp_path, mappings="mappings") as opened:
        opened.receive(siu())
        opened.read_all()
        broken = opened.line.used
        with opened.line.store.write() as tx:  # as after a release whose language is another
            kept.keep(
                tx, "b" * 64, kept.SET, broken.manifest.replace("codes/siu-status", "codes/gone"), opened.clock.at
            )
            kept.accept(tx, "b" * 64, None)
    chosen = settings(tmp_path, mappings="mappings")
    with pytest.raises(ConfigError, match="accept --anew"), open_line(chosen):
        pass
    swap_room_and_name(own)
    with open_line(chosen, anew=True) as line:
        doings = Accepting(line, lambda: None)
        while not doings.go_on()["finished"]:
            pass
        with line.store.read() as tx:
            assert records.page(tx, "Appointment")[0].body["place"]["name"] == "R1"
        assert line.used.root == own


def rows(opened: TestHouse) -> list[tuple[str, int]]:
    return [(row.state, row.marks) for row in opened.owed()]


def test_owed_rows_are_marked_only_when_it_is_accepted_and_only_where_it_is_written_differently(tmp_path, own):
    from integrator.config import Target

    target = Target(name="ehr", system="ehr", base="http://127.0.0.1:9/fhir", records=("Appointment",))
    with house(tmp_path, (target,), mappings="mappings") as opened:
        opened.receive(siu(), siu(control_id="M2", filler="F-2", machine=""))
        opened.read_all()
        before = rows(opened)
        assert len(before) == 2
        edit(own, "fhir-r4/appointment.toml", '"place.room"      = "participant[actor=Location].actor.display"\n', "")
        edit(own, "fhir-r4/appointment.toml", "[omit.ours]\n", '[omit.ours]\n"place.room" = "tried"\n')
        found = accepting(opened).diff("current", "files")
        assert (found["kinds"], found["targets"]) == ({}, {"ehr": {"Appointment": 1}})
        assert rows(opened) == before
        done = accept(opened)
        assert (done["again"]["messages"], done["again"]["owed"]) == (0, 1)
        assert sorted(marks for _, marks in rows(opened)) == [1, 2]
        with opened.line.store.read() as tx:
            assert owed.counts(tx, "ehr")["owed"] == 2
