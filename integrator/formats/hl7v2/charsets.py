"""Character sets: the names of HL7 table 0211, and what senders write instead, as Python codecs; lossless decoding."""

from __future__ import annotations

import re
from functools import lru_cache

# Table 0211 of v2.8.2. CNS 11643-1992 has no codec in Python. ISO IR14, IR87 and IR159 are the parts of
# ISO-2022-JP, switched within the text by escape sequences; one codec reads all three.
TABLE_0211: dict[str, str | None] = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "CNS 11643-1992": None,
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
}

# Seen in the field, in no table: what libraries and vendors write into MSH-18.
_ALSO = {
    "US-ASCII": "ascii",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF8": "utf-8",
    "UTF-16": "utf-16",
    "UTF-32": "utf-32",
    "LATIN1": "iso8859-1",
    "LATIN-1": "iso8859-1",
    "ISO IR100": "iso8859-1",
    "ISO IR13": "shift_jis",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
    "ANSI": "cp1252",
    "BIG5": "big5",
    "GB18030": "gb18030",
    "GB 18030": "gb18030",
    "EUC-KR": "euc_kr",
}

# A source that says 8859/1 and sends cp1252 (euro sign, dashes) is common; its setting may widen what MSH-18 says.
_WIDER = {
    ("iso8859-1", "cp1252"),
    ("iso8859-9", "cp1254"),
    ("euc_kr", "cp949"),
    ("big5", "cp950"),
}

_ISO = re.compile(r"ISO[-_ ]?8859[-_/ ](\d\d?)")
_CONTROLS = bytes(range(0x80, 0xA0))


@lru_cache(maxsize=256)
def charset_codec(name: str) -> str | None:
    """A name of table 0211, or one that senders use instead, as a Python codec; None if there is none."""
    plain = " ".join(name.upper().split())
    if iso := _ISO.fullmatch(plain):
        plain = f"8859/{int(iso[1])}"
    if plain in TABLE_0211:
        return TABLE_0211[plain]
    return _ALSO.get(plain.replace("ISO_IR ", "ISO IR"))


@lru_cache(maxsize=256)
def charset_name(codec: str) -> str:
    """The first name of table 0211 for a Python codec, as MSH-18 says it; the codec's own name if it has none."""
    return next((name for name, ours in TABLE_0211.items() if ours == codec and name != "UNICODE"), codec)


def sniff(data: bytes) -> str | None:
    """The codec that the first bytes give away: a byte order mark, or the zeros of UTF-16 and UTF-32; else None."""
    if data.startswith(b"MSH"):  # as nearly all do
        return None
    start = data[:8].lstrip(b"\r\n")
    if start[:4] in (b"\xff\xfe\x00\x00", b"M\x00\x00\x00"):
        return "utf-32-le"
    if start[:4] in (b"\x00\x00\xfe\xff", b"\x00\x00\x00M"):
        return "utf-32-be"
    if start[:2] in (b"\xff\xfe", b"M\x00"):
        return "utf-16-le"
    if start[:2] in (b"\xfe\xff", b"\x00M"):
        return "utf-16-be"
    if start[:3] == b"\xef\xbb\xbf":
        return "utf-8"
    return None


@lru_cache(maxsize=256)
def choose(names: tuple[str, ...], setting: str | None, seen: str | None) -> tuple[str, str]:
    """The codec of a message, and how to call it in "bytes that are not ...".

    `names` are the repetitions of MSH-18, `setting` the source's own codec, `seen` what `sniff` found.
    MSH-18 wins, then the source's setting, then the byte order mark; else ASCII. A set that Python does not
    have is read as ASCII, which loses nothing as long as no other byte comes.
    """
    said = [name for name in names if name.strip()]
    if not said:
        codec = setting or seen or "ascii"
        return _as_seen(codec, seen), charset_name(codec)
    codecs = [charset_codec(name) for name in said]
    first = "iso2022_jp_ext" if "iso2022_jp_ext" in codecs else codecs[0]
    if first is None:
        return "ascii", "ASCII, in a character set that is not known here (MSH-18)"
    if setting and (first, setting) in _WIDER:
        first = setting
    name = next((name for name in said if name in TABLE_0211 and TABLE_0211[name] == first), charset_name(first))
    return _as_seen(first, seen), name


def _as_seen(codec: str, seen: str | None) -> str:
    """UTF-16 and UTF-32 with the byte order that the bytes show."""
    return seen if seen is not None and seen.startswith(codec) else codec


def decode(data: bytes, codec: str) -> str:
    """The text of these bytes, every character kept; raises UnicodeDecodeError at the first byte that is not one.

    The sets 8859/n are "the printable characters from" ISO 8859 (table 0211): 0x80 to 0x9F are none of them.
    """
    if codec.startswith("iso8859") and len(data.translate(None, _CONTROLS)) != len(data):
        first = next(position for position, byte in enumerate(data) if byte in _CONTROLS)
        raise UnicodeDecodeError(codec, data, first, first + 1, "a control, not a printable character")
    return data.decode(codec)
