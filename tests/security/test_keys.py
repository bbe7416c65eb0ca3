"""Keys: made once, for the owner alone; sealed bytes open only with the right key, for the right thing, unchanged."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.errors import ConfigError
from integrator.security.bodies import open_bytes, seal_body
from integrator.security.keys import KEY_BYTES, Keyring, Unopenable, new_key, open_sealed, seal

OLD = base64.b64encode(bytes(range(32))).decode()
NEW = base64.b64encode(bytes(range(32, 64))).decode()


def test_a_key_file_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    made = Keyring.make(tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    assert Keyring.from_file(tmp_path / "keys").index("4711") == made.index("4711")
    assert Keyring.make(tmp_path / "other").index("4711") != made.index("4711")


def test_a_key_file_is_never_made_twice(tmp_path: Path) -> None:
    Keyring.make(tmp_path / "keys")
    before = (tmp_path / "keys").read_text()
    with pytest.raises(ConfigError, match="there is a key file already"):
        Keyring.make(tmp_path / "keys")
    assert (tmp_path / "keys").read_text() == before


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    Keyring.make(tmp_path / "keys")
    (tmp_path / "keys").chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*chmod 600"):
        Keyring.from_file(tmp_path / "keys")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "there is no key"),
        ("# only a remark\n\n", None, "there is no key"),
        (OLD, 1, "keyid:base64"),
        (f"k 1:{OLD}", 1, "keyid:base64"),
        ("k1:not base64!", 1, "not base64"),
        ("k1:AAAA", 1, "of 32 bytes"),
        (f"k1:{OLD}\nk1:{NEW}", 2, "stands twice"),
    ],
)
def test_what_is_wrong_with_a_key_file_is_said_with_its_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=said) as told:
        Keyring.from_file(file)
    assert told.value.line == line
    assert OLD not in str(told.value)


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`integrator init` makes one"):
        Keyring.from_file(tmp_path / "keys")


@pytest.mark.parametrize("text", [f"k2:{NEW}\nk1:{OLD}\n", f"k2:{NEW} k1:{OLD}", f"k2:{NEW},k1:{OLD}"])
def test_keys_from_the_environment(text: str) -> None:
    assert Keyring.from_env(text).current == "k2"


def test_a_keyring_shows_no_key() -> None:
    assert repr(Keyring.from_env(f"k2:{NEW},k1:{OLD}")) == "Keyring(k2, k1)"


def test_a_new_key_in_front_wraps_and_the_old_one_still_opens() -> None:
    before = Keyring.from_env(f"k1:{OLD}")
    after = Keyring.from_env(f"k2:{NEW},k1:{OLD}")
    key = new_key()
    old, new = before.wrap(key, "source:aria"), after.wrap(key, "source:aria")
    assert (old[2:4], new[2:4]) == (b"k1", b"k2"), "the key id is in the blob"
    assert after.unwrap(old, "source:aria") == after.unwrap(new, "source:aria") == key
    with pytest.raises(Unopenable, match=r"'k2'.*is not in the key file"):
        before.unwrap(new, "source:aria")


def test_a_new_key_in_front_changes_no_index_and_no_digest() -> None:
    before, after = Keyring.from_env(f"k1:{OLD}"), Keyring.from_env(f"k2:{NEW},k1:{OLD}")
    assert before.index("4711") == after.index("4711")
    assert before.digest(b"MSH|") == after.digest(b"MSH|")
    assert before.fingerprint() == after.fingerprint()
    assert before.fingerprint() != Keyring.from_env(f"k1:{NEW}").fingerprint()


def test_indexes_and_digests_are_apart() -> None:
    keys = Keyring.from_env(f"k1:{OLD}")
    assert len(keys.index("4711")) == len(keys.digest(b"4711")) == 32
    assert keys.index("4711") != keys.digest(b"4711")
    assert keys.index("4711") != keys.index("4712")


def test_a_wrapped_key_opens_only_for_what_it_was_wrapped_for() -> None:
    keys, key = Keyring.from_env(f"k1:{OLD}"), new_key()
    blob = keys.wrap(key, "source:aria")
    with pytest.raises(Unopenable, match="source:mosaiq"):
        keys.unwrap(blob, "source:mosaiq")
    with pytest.raises(Unopenable, match="not of a form"):
        keys.unwrap(b"\x02" + blob[1:], "source:aria")
    with pytest.raises(Unopenable, match="not of a form"):
        keys.unwrap(b"", "source:aria")
    assert keys.wrap(key, "source:aria") != blob, "each wrapping has its own nonce"


@given(st.binary(max_size=3000), st.text(max_size=40))
def test_what_is_sealed_opens_again(data: bytes, about: str) -> None:
    key = new_key()
    blob = seal(key, data, about)
    assert len(blob) == len(data) + 28
    assert open_sealed(key, blob, about) == data


@given(st.binary(max_size=60), st.data())
def test_a_changed_bit_does_not_open(data: bytes, drawn: st.DataObject) -> None:
    key = new_key()
    blob = bytearray(seal(key, data, "reason"))
    place = drawn.draw(st.integers(0, len(blob) * 8 - 1))
    blob[place // 8] ^= 1 << place % 8
    with pytest.raises(Unopenable):
        open_sealed(key, bytes(blob), "reason")


def test_neither_another_key_nor_another_purpose_opens_it() -> None:
    key = new_key()
    blob = seal(key, b"HTEST", "reason")
    for other, about in ((new_key(), "reason"), (key, "notes")):
        with pytest.raises(Unopenable):
            open_sealed(other, blob, about)
    for short in (b"", blob[:11], blob[:27]):
        with pytest.raises(Unopenable):
            open_sealed(key, short, "reason")


def test_each_body_has_its_own_data_key_wrapped_by_its_source() -> None:
    keys = Keyring.from_env(f"k1:{OLD}")
    one, two = seal_body(keys, "aria", b"MSH|one"), seal_body(keys, "aria", b"MSH|one")
    assert one.body_key_of == "source:aria"
    first, second = (keys.unwrap(sealed.body_key, "source:aria") for sealed in (one, two))
    assert first != second
    assert len(first) == KEY_BYTES
    assert open_bytes(first, one.body) == b"MSH|one"
    with pytest.raises(Unopenable):
        open_bytes(first, two.body)
