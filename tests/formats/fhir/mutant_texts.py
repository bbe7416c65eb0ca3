"""Faults of primitives: dates, numbers, ids, addresses, texts, narratives."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.formats.fhir.mutants import R4, Place, fault

TIMES = [
    "2026-13", "2026-02-30", "2026-1-1", "2026-03-02T10:00", "2026-03-02T24:00:00Z", "10:00", "2026", "26-03-02",
    "2026-03-02T10:00:00", "2026-03-02 10:00:00Z", "2026-03-02T10:00:00+15:00", "0000-01-01", "2026-03-02t10:00:00z",
    "2026-03-02T10:00:60Z", "2026-03-02T10:00:61Z", "2026-03-02T10:60:00Z", "2026-00-01", "2026-01-00", "20260302",
    "02.03.2026", "2026-03-02T10:00:00+0100", "2026-03-02T10:00:00.Z", "2026-03-02T10:00:00.123456789Z", "2026-03",
    "2026-03-02", "2026-03-02T", "2026-02-29", "2024-02-29", "2026-03-02Z", "now", "2026-03-02T10Z", "2026-04-31",
    "2026-03-02T10:00:00-00:00", "2026-03-02T10:00:00+14:00", "1899-12-31", "9999-12-31", "12026-03-02", "-2026-03-02",
]  # fmt: skip
NUMBERS: list[Any] = [-1, 0, 1, 1.5, 2**31, -(2**31) - 1, 2**31 - 1, 1e30, 1.0, 0.1, "1", "", True, 123456789012345678]
WORDS = ["true", "false", 0, 1, "True", "", None, "yes"]
IDS = ["a b", "x" * 65, "x" * 64, "a_b", "ä", "", "a/b", "A-1.b", " a", "a\n", "#a"]
ADDRESSES = [
    "htest", "http://a b.example", "urn:oid:", "urn:oid:1.2", "urn:oid:3.1", "urn:uuid:7", "https://x.example/a|1",
    "#a", "/a", "a/b", "urn:uuid:0C3151BD-1CBF-4D64-B04D-CD9187A4C6E0", "http://", "1.2.3", "https://x.example/ä",
    "mailto:a@b.example", " https://x.example", "urn:iso:std:iso:3166", "urn:x", "https://x.example/{a}", "ftp://x", "",
]  # fmt: skip
TEXTS = ["", " ", "\t", "\n", "a\x00b", "a\x0bb", " a ", "a\n\nb", "x" * 5000, "\u00a0", "😀", "\u200b", "<b>a</b>",
         "a\r\nb", "\ufeffa", "\x7f", "\x85"]  # fmt: skip
BASES = ["a", "SFRFU1Q=", "SFRFU1Q", "SFRF U1Q=", "====", "SFRFU1Q=\n", "ä", "SFRFU1Q-"]
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
DIVS = [
    f"<div {XHTML}></div>", f"<div {XHTML}> \n </div>", "<div>HTEST</div>", f"<p {XHTML}>HTEST</p>", "HTEST", "<div",
    f"<div {XHTML}><script>a</script>b</div>", f"<div {XHTML}><p onclick='a()'>b</p></div>", f"<div {XHTML}><p>a</div>",
    f"<div {XHTML}><form>a</form></div>", f"<div {XHTML}><input/>a</div>",
    f"<div {XHTML}><img src='#a' alt='b'/></div>",
    f"<div {XHTML}><a href='https://x.example'>b</a></div>", f"<div {XHTML}>a &amp; b</div>",
    f"<div {XHTML}>a & b</div>",
    f"<div {XHTML}>a&nbsp;b &copy;</div>", f"<div {XHTML}>a &nothing; b</div>", f"<div {XHTML} style='a: b'>c</div>",
    f"<div {XHTML}><P>a</P></div>", f"<div {XHTML}><!-- a -->b</div>", f"<div {XHTML}><!-- a --></div>",
    f"<div {XHTML}><iframe src='a'>b</iframe></div>", f"<div {XHTML}><style>a</style>b</div>",
    f"<div {XHTML}><br></div>",
    f"<div {XHTML}><p madeup='a'>b</p></div>", f"<div {XHTML}><madeup>b</madeup></div>", f"<div {XHTML}>a</div>b",
    "<div xmlns='http://www.w3.org/1999/html'>a</div>", f"<div {XHTML}><b>a</b><i>b</i></div>", f"<DIV {XHTML}>a</DIV>",
    f"<div {XHTML}><table border='1'><tr><td colspan='2'>a</td></tr></table></div>", f"<div {XHTML}>a<br/>b</div>",
    f"<div {XHTML}><a href='javascript:a()'>b</a></div>", f"<div {XHTML}><head>a</head></div>",
    f"<div {XHTML}><hr/></div>",
    f"<?xml version='1.0'?><div {XHTML}>a</div>", f" <div {XHTML}>a</div> ", f"<div {XHTML}><p class=a>b</p></div>",
    f"<div {XHTML}><ul><li>a</li></ul></div>", f"<div {XHTML}><object data='a'>b</object></div>", f"<div {XHTML}/>",
    f"<div {XHTML}><p id='a' id='b'>c</p></div>", f"<div {XHTML}><u>a</u></div>",
    f"<div {XHTML}><center>a</center></div>",
]  # fmt: skip
OF_TYPE: dict[str, list[Any]] = {
    "string": TEXTS, "markdown": TEXTS, "code": [*TEXTS, "a  b", "a b"], "id": IDS, "uri": ADDRESSES, "url": ADDRESSES,
    "canonical": ADDRESSES, "oid": ADDRESSES, "uuid": ADDRESSES, "base64Binary": BASES,
}  # fmt: skip


def _put(place: Place, draw: Random, values: list[Any]) -> bool:
    if isinstance(place.value, list):
        place.value[draw.randrange(len(place.value))] = draw.choice(values)
    else:
        place.node[place.name] = draw.choice(values)
    return True


@fault("bad-time")
def odd_time(place: Place, draw: Random) -> bool:
    if place.element.type == "time":
        return _put(place, draw, ["10:00", "24:00:00", "10:00:00", "10:00:00Z", "1:00:00", "10:00:60", "10:00:00.5"])
    return place.element.type in ("instant", "dateTime", "date") and _put(place, draw, TIMES)


@fault("bad-number")
def odd_number(place: Place, draw: Random) -> bool:
    if place.element.type == "boolean":
        return _put(place, draw, WORDS)
    return place.element.type in ("integer", "unsignedInt", "positiveInt", "decimal") and _put(place, draw, NUMBERS)


@fault("bad-text")
def odd_text(place: Place, draw: Random) -> bool:
    values = OF_TYPE.get(place.element.type)
    return values is not None and place.element.codes is None and _put(place, draw, values)


@fault("bad-address")
def odd_address(place: Place, draw: Random) -> bool:
    return place.element.type in ("uri", "url", "canonical", "oid") and _put(place, draw, ADDRESSES)


@fault("bad-narrative")
def odd_narrative(place: Place, draw: Random) -> bool:
    return place.element.type == "xhtml" and _put(place, draw, DIVS)


@fault("resource-type")
def another_resource_type(place: Place, draw: Random) -> bool:
    other = draw.choice(["Nothing", "", None, 7, place.root["resourceType"].lower(), *sorted(R4.resource_types)])
    place.root["resourceType"] = other
    return True


@fault("resource-type")
def no_resource_type(place: Place, draw: Random) -> bool:
    del place.root["resourceType"]
    return True


@fault("resource-type")
def element_in_another_order(place: Place, draw: Random) -> bool:
    place.node[place.name] = place.node.pop(place.name)  # which is right: JSON objects have no order
    return True
