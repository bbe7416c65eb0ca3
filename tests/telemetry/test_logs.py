"""Logs never carry a body, however it is handed to them."""

from __future__ import annotations

from integrator.telemetry.logs import logger, set_up_logs


def test_bytes_and_dicts_are_named_and_not_shown(capsys):
    set_up_logs(json=True)
    logger(part="line").info("message held", id=7, body=b"PID|1||HTEST-4711", record={"name": "HTEST-Huber"})
    line = capsys.readouterr().err
    assert '"id": 7' in line
    assert "<bytes>" in line
    assert "<dict>" in line
    assert "HTEST" not in line
