"""Where we listen: every address that the configuration takes can be bound, and is told as a browser needs it."""

from __future__ import annotations

import http.client
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integrator.app import open_line, start_mllp, start_web
from integrator.config import address, read_config
from integrator.errors import ConfigError
from integrator.security.keys import Keyring
from tests.houses import SetClock, settings

LOOPBACK = ("127.0.0.1:0", "[::1]:0", "::1:0", "localhost:0")
CONFIG = '[study]\nnct = "NCT01409720"\ntitle = "DISPO"\n[web]\nlisten = "{}"\n'


@pytest.fixture(autouse=True)
def two_families() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("left out: this machine has no IPv6 loopback")


@pytest.mark.parametrize("listen", LOOPBACK)
def test_what_check_takes_is_listened_on(tmp_path: Path, listen: str):
    (tmp_path / "config.toml").write_text(CONFIG.format(listen))
    assert read_config(tmp_path / "config.toml").web.listen == listen
    Keyring.make(tmp_path / "integrator.keys")
    chosen = settings(tmp_path, listen=listen)
    chosen = replace(chosen, web=replace(chosen.web, listen=listen))
    with open_line(chosen, SetClock()) as line:
        listener = start_mllp(line, lambda: None)
        url, stop = start_web(line, lambda: None)
        try:
            host, _ = address(listen)
            socket.create_connection((host, listener.port), timeout=5).close()
            place = urlsplit(url)
            assert place.hostname == host
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=5)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            stop()
            listener.stop()


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:99999", "[::1]", "127.0.0.1:-1", "127.0.0.1:²", "[::2]:80"])
def test_what_cannot_be_bound_is_refused_with_its_line(tmp_path: Path, listen: str):
    (tmp_path / "config.toml").write_text(CONFIG.format(listen), "utf-8")
    with pytest.raises(ConfigError) as wrong:
        read_config(tmp_path / "config.toml")
    assert wrong.value.line == 5
    assert f"listen = {listen!r}" in wrong.value.text
