"""Keys: the master keys of an installation, and what is derived from them: wrapped keys, blind indexes, sealed bytes.

Sealing is AES-256-GCM with a random nonce of 12 bytes; `about` is associated data and says what is sealed for whom, so
that a blob moved to another row does not open. A wrapped key names the master key that wrapped it:
    b"\\x01" + length of the key id + key id + nonce + ciphertext + tag
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrator.errors import ConfigError, Held

ENVIRONMENT = "INTEGRATOR_KEYS"
KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPED = 1  # first byte of a wrapped key: the form described above
DERIVED_KEPT = 4096  # derived keys kept in memory
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")


class Unopenable(Held):
    """A blob that this key does not open: another key sealed it, it was changed, or its key was erased."""


def seal(key: bytes, data: bytes, about: str) -> bytes:
    """Encrypts data for this key; `about` must be given again to open it."""
    return _seal(AESGCM(key), data, about)


def open_sealed(key: bytes, blob: bytes, about: str) -> bytes:
    """The inverse of `seal`. Unopenable: another key, another `about`, or changed bytes."""
    return _open(AESGCM(key), blob, about)


def opens(key: bytes, blob: bytes, about: str) -> bool:
    """Whether `open_sealed` would open it."""
    try:
        open_sealed(key, blob, about)
    except Unopenable:
        return False
    return True


def new_key() -> bytes:
    """A random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


class Keyring:
    """The master keys by id; the first is current and wraps, the others still open what they wrapped.

    Blind indexes and digests come from the last key, the oldest: a key added in front changes none of them.
    """

    def __init__(self, masters: Mapping[str, bytes]):
        if not masters:
            raise ConfigError("there is no key; `integrator init` makes one")
        self._masters = dict(masters)
        self.current = next(iter(self._masters))
        oldest = self._masters[list(self._masters)[-1]]
        self._index_key = _derive(oldest, "index")
        self._digest_key = _derive(oldest, "digest")
        self._derived: dict[tuple[str, str], AESGCM] = {}

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._masters)})"  # never the keys

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        """Reads `keyid:base64` lines. ConfigError: not there, readable by others, or not such lines."""
        try:
            with open(path, encoding="ascii") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read()
        except FileNotFoundError:
            raise ConfigError("the key file is not there; `integrator init` makes one", str(path)) from None
        except PermissionError:
            raise ConfigError("the key file may not be read by this user", str(path)) from None
        except UnicodeDecodeError:
            raise ConfigError("the key file holds bytes that are not ASCII", str(path)) from None
        if mode & 0o077:
            raise ConfigError(f"others may read the key file (mode {mode:04o}); run: chmod 600 {path}", str(path))
        return cls(_parse(text.splitlines(), str(path)))

    @classmethod
    def from_env(cls, text: str) -> Keyring:
        """Reads the value of INTEGRATOR_KEYS: the lines of a key file, parted by line ends, blanks or commas."""
        return cls(_parse(re.split(r"[\s,]+", text), ENVIRONMENT))

    @classmethod
    def make(cls, path: Path, key_id: str = "k1") -> Keyring:
        """Makes a key file of mode 0600 with one new key. ConfigError: there is one already (it is not touched)."""
        line = f"{key_id}:{base64.b64encode(new_key()).decode()}\n"
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ConfigError("there is a key file already; it is left as it is", str(path)) from None
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(line)
            out.flush()
            os.fsync(out.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)  # a store sealed with a key whose file is lost is lost too
        os.close(folder)
        return cls.from_file(path)

    def index(self, text: str) -> bytes:
        """The blind index of a text: equal texts have equal indexes, and nobody without the key can tell the text."""
        return hmac.digest(self._index_key, text.encode(), "sha256")

    def digest(self, data: bytes) -> bytes:
        """The digest of a message's bytes, keyed, so that it tells nothing of a message that was erased."""
        return hmac.digest(self._digest_key, data, "sha256")

    def wrap(self, key: bytes, about: str) -> bytes:
        """Seals a key for `about` ("source:aria", "patient:17") with a key derived from the current master key."""
        name = self.current.encode()
        return bytes((WRAPPED, len(name))) + name + _seal(self._key(self.current, about), key, about)

    def unwrap(self, blob: bytes, about: str) -> bytes:
        """The inverse of `wrap`, with whichever master key wrapped it. Unopenable: none of ours, or changed bytes."""
        if len(blob) < 2 or blob[0] != WRAPPED:
            raise Unopenable(f"a wrapped key of {about} is not of a form that this release knows")
        end = 2 + blob[1]
        key_id = blob[2:end].decode("ascii", "replace")
        if key_id not in self._masters:
            raise Unopenable(f"the key {key_id!r} that sealed a key of {about} is not in the key file")
        return _open(self._key(key_id, about), blob[end:], about)

    def fingerprint(self) -> str:
        """Tells the oldest key from another without telling it; the store keeps it."""
        return self.index("fingerprint of the key file").hex()[:16]

    def _key(self, key_id: str, about: str) -> AESGCM:
        """HKDF of a master key for one purpose."""
        found = self._derived.get((key_id, about))
        if found is None:
            if len(self._derived) >= DERIVED_KEPT:
                self._derived.clear()
            found = self._derived[key_id, about] = AESGCM(_derive(self._masters[key_id], about))
        return found


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"integrator", info=purpose.encode()).derive(master)


def _seal(cipher: AESGCM, data: bytes, about: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, about.encode())


def _open(cipher: AESGCM, blob: bytes, about: str) -> bytes:
    try:
        return cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):
        raise Unopenable(
            f"sealed bytes of {about} do not open: another key sealed them, or they were changed"
        ) from None


def _parse(lines: list[str], place: str) -> dict[str, bytes]:
    masters: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, colon, text = line.strip().partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id):
            raise ConfigError("write each key as keyid:base64", place, number)
        if key_id in masters:
            raise ConfigError(f"the key id {key_id!r} stands twice", place, number)
        try:
            masters[key_id] = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ConfigError(f"the key {key_id!r} is not base64", place, number) from None
        if len(masters[key_id]) != KEY_BYTES:
            raise ConfigError(f"the key {key_id!r} must be of {KEY_BYTES} bytes, in base64", place, number)
    return masters
