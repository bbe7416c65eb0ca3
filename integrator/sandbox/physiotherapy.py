"""The physiotherapists' app: posts one act's exercise units to the JSON API, as a program of the trial does.

    python -m integrator.sandbox.physiotherapy units --api http://127.0.0.1:8480/

prints one JSON line: how many were posted, the answers by status, and every answer that the story did not expect.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass, field

import requests

from integrator.errors import RetryLater
from integrator.sandbox.acts import Act
from integrator.sandbox.story import tell

PATIENCE = 30.0  # seconds to wait for an answer


@dataclass
class Posted:
    """What came of one act."""

    act: str
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)


def post(act: Act, address: str) -> Posted:
    """Posts an act's entries in their order. RetryLater: nobody answers."""
    posted = Posted(act.name)
    with requests.Session() as app:
        for each in act.posts:
            try:
                answer = app.post(f"{address.rstrip('/')}/api/v1{each.place}", json=each.body, timeout=PATIENCE)
            except requests.RequestException as away:
                raise RetryLater(f"the API does not answer: {away}") from away
            posted.sent += 1
            posted.answers[str(answer.status_code)] += 1
            if str(answer.status_code) != each.answer:
                name = f"{each.body['subject']} {each.body['key']}"
                posted.surprises.append(f"{name}: answered {answer.status_code} {answer.text[:200]}")
    return posted


def main() -> None:
    """Posts one act of the story; exit 1 if an answer was not the expected one."""
    words = argparse.ArgumentParser(prog="python -m integrator.sandbox.physiotherapy", description=__doc__)
    words.add_argument("act", help="which act of the story")
    words.add_argument("--api", required=True, help="address of the pages; the API is below /api/v1")
    said = words.parse_args()
    try:
        posted = post(tell().act(said.act), said.api)
    except RetryLater as problem:
        raise SystemExit(f"{said.act}: {problem}") from problem
    print(json.dumps(vars(posted)))
    raise SystemExit(1 if posted.surprises else 0)


if __name__ == "__main__":
    main()
