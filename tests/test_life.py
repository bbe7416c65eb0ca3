"""A participant's life: every pair of statuses, withdrawals, second consents."""

from __future__ import annotations

from typing import Any

import pytest

from integrator.life import ARROWS, REGISTERED, after_withdrawal, dated, problems
from integrator.records.participant import SCOPES, STATUSES, Consent
from integrator.records.values import Concept

WHY = Concept((), "moved away")
FIRST = Consent("2026-03-01", "1.0")


def told(before: dict[str, Any], entry: dict[str, Any], correction: bool = False) -> list[str]:
    return [str(one) for one in problems(before, entry, correction)]


def test_every_status_has_its_arrows():
    assert set(ARROWS) == {"", *STATUSES}
    assert all(set(after) <= set(STATUSES) for after in ARROWS.values())


@pytest.mark.parametrize("was", ["", *STATUSES])
def test_what_has_no_arrow_is_refused_in_words(was: str):
    for now in STATUSES:
        found = told({"status": was or None}, {"status": now, "since": "2026-03-02", "reason": WHY})
        if now == was or now in ARROWS[was]:
            assert found == []
        else:
            (words,) = found
            assert now in words


def test_withdrawn_is_only_before_registration():
    for was in REGISTERED:
        (words,) = told({"status": was}, {"status": "withdrawn", "since": "2026-03-02", "reason": WHY})
        assert words.startswith(
            "status: withdrawn is who withdrew before registration; who leaves after it is off-study"
        )
    assert told({"status": "pending-on-study"}, {"status": "withdrawn", "since": "2026-03-02", "reason": WHY}) == []


def test_off_study_is_only_after_registration():
    (words,) = told({"status": "screening"}, {"status": "off-study", "since": "2026-03-02", "reason": WHY})
    assert words == (
        "status: off-study is who was on the study; before registration it is withdrawn, ineligible or not-registered "
        "(this participant is screening)"
    )


def test_a_mistake_is_corrected_when_it_is_said_to_be_one():
    wrong = {"status": "off-study", "since": "2026-03-10"}
    assert told(wrong, {"status": "on-study-intervention", "since": "2026-03-02"}) == [
        "status: off-study stays so, not on-study-intervention; if an earlier entry was a mistake, "
        "say that this is a correction"
    ]
    assert told(wrong, {"status": "on-study-intervention", "since": "2026-03-02"}, correction=True) == []
    assert told({"status": "on-study"}, {"status": "ineligible", "since": "2026-03-02"}, correction=True) == [
        "reason: say why the participant is ineligible"
    ]


def test_a_status_does_not_begin_before_the_one_before_it():
    entry = {"status": "off-study", "since": "2026-03-01", "reason": WHY}
    assert told({"status": "on-study", "since": "2026-03-02"}, entry) == [
        "since: 2026-03-01 is before the participant became on-study, on 2026-03-02"
    ]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (Consent("2026-03-01", "1.1"), "there is a consent of 2026-03-01, version 1.0; a second one is later"),
        (Consent("2026-02-01", "1.1"), "a second one is later, and of another version of the form"),
        (Consent("2026-04-01", "1.0"), "a second one is later, and of another version of the form"),
    ],
)
def test_a_second_consent(second: Consent, words: str):
    (found,) = told({"consent": FIRST}, {"consent": second})
    assert words in found
    assert told({"consent": FIRST}, {"consent": second}, correction=True) == []


def test_consents_that_may_follow():
    assert told({"consent": FIRST}, {"consent": FIRST}) == []
    assert told({"consent": FIRST}, {"consent": Consent("2026-04-01", "1.1")}) == []
    gone = Consent("2026-03-01", "1.0", withdrawn="2026-03-20", withdrawal="everything")
    assert told({"consent": FIRST}, {"consent": gone}) == []
    assert "withdrawn on 2026-03-20" in told({"consent": gone}, {"consent": Consent("2026-04-01", "1.1")})[0]


@pytest.mark.parametrize(
    ("status", "scope", "after"),
    [
        ("on-study-intervention", "intervention", "on-study-observation"),
        ("on-study", "intervention", "on-study-observation"),
        ("follow-up", "intervention", None),
        ("follow-up", "collection", "off-study"),
        ("on-study-intervention", "everything", "off-study"),
        ("off-study", "everything", None),
        ("pending-on-study", "everything", "withdrawn"),
        ("pending-on-study", "intervention", None),
        (None, "everything", "withdrawn"),
        ("ineligible", "everything", None),
    ],
)
def test_what_a_withdrawal_makes_of_a_status(status: str | None, scope: str, after: str | None):
    assert after_withdrawal(status, scope) == after
    if after:
        assert told({"status": status}, {"status": after, "since": "2026-03-02", "reason": WHY}) == [] or not status


def test_there_is_no_other_scope():
    with pytest.raises(ValueError, match="no scope"):
        after_withdrawal("on-study", "a bit")
    assert SCOPES == ("intervention", "collection", "everything")


def test_the_days_that_follow_from_a_status():
    assert dated({}, {"status": "on-study", "since": "2026-03-02"})["enrolled"] == "2026-03-02"
    assert "enrolled" not in dated({"enrolled": "2026-03-01"}, {"status": "follow-up", "since": "2026-03-02"})
    assert dated({}, {"status": "off-study", "since": "2026-04-02"})["left"] == "2026-04-02"
    assert dated({}, {"status": "eligible", "since": "2026-03-02"}) == {"status": "eligible", "since": "2026-03-02"}
