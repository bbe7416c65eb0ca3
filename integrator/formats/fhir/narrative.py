"""The narrative of a resource: XHTML of which only what may stand in a text for people is allowed (txt-1, txt-2).

Source: FHIR R4, section 2.4.1: chapters 7 to 11 (but section 4 of chapter 9) and 15 of HTML 4.0, links, images and
style attributes; no scripts, forms, style sheets or active links, and no entities but those of XML.
"""

from __future__ import annotations

from functools import lru_cache
from xml.parsers import expat

XHTML = "http://www.w3.org/1999/xhtml"
TAGS = frozenset(
    ["a", "abbr", "acronym", "address", "area", "b", "bdo", "big", "blockquote", "br", "caption", "cite", "code", "col",
     "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd",
     "li", "map", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
     "tfoot", "th", "thead", "tr", "tt", "ul", "var"]
)  # fmt: skip
ANYWHERE = frozenset(
    ["title", "style", "class", "id", "lang", "xml:lang", "xml:space", "dir", "accesskey", "tabindex", "span", "width",
     "align", "valign", "char", "charoff", "abbr", "axis", "headers", "scope", "rowspan", "colspan"]
)  # fmt: skip
ON = {
    "a": {"href", "name", "charset", "type", "hreflang", "rel", "rev", "shape", "coords"},
    "img": {"src", "border", "alt", "longdesc", "height", "usemap", "ismap"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "map": {"name"},
    "area": {"shape", "coords", "href", "nohref", "alt"},
    "table": {"summary", "border", "frame", "rules", "cellspacing", "cellpadding"},
    "pre": {"space"},
    "td": {"nowrap"},
}
ACTIVE = ("javascript:", "vbscript:", "data:")


@lru_cache(16)
def narrative(text: str) -> Narrative:
    """The narrative read; several rules ask for the same one in turn."""
    return Narrative(text)


class Narrative:
    """What is wrong with one narrative, and whether it says anything."""

    def __init__(self, text: str):
        self.wrong = ""  # in words; empty: nothing
        self.says = False
        self.images: set[str] = set()  # ids of contained resources that it shows
        self._depth = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(text.strip(), True)
        except expat.ExpatError:
            self.wrong = self.wrong or "is no well-formed XHTML"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and (name != "div" or attributes.get("xmlns") != XHTML):
            self.wrong = self.wrong or f"must be one div of {XHTML}"
        if name not in TAGS:
            self.wrong = self.wrong or "holds an element that no narrative may hold"
        allowed = ON.get(name, ())
        for key, value in attributes.items():
            if key not in ANYWHERE and key not in allowed and not key.startswith("xmlns"):
                self.wrong = self.wrong or "holds an attribute that no narrative may hold"
            if key in ("href", "src") and value.strip().lower().startswith(ACTIVE):
                self.wrong = self.wrong or "holds an active link"
        if name == "img":
            self.says = True
            self.images |= {attributes["src"][1:]} if attributes.get("src", "").startswith("#") else set()

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _text(self, text: str) -> None:
        self.says = self.says or not text.isspace()
