"""Names of code systems and assigners: HL7 v2's table 0396 words and HD triples against FHIR's URIs.

A URI that nobody registered is made from a local name, so that it reads back as that name:
https://integrator.example/fhir/namespace/<percent-encoded name>.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote

LOCAL = "https://integrator.example/fhir/namespace/"
KEY = "https://integrator.example/fhir/key/"  # our own keys, in logical references
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
_V2_TABLE = "http://terminology.hl7.org/CodeSystem/v2-"

# HL7 table 0396 (coding system) to the URI that FHIR uses (FHIR R4, section 4.3.0 and terminology.hl7.org).
SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "UCUM": "http://unitsofmeasure.org",
    "ISO+": "http://terminology.hl7.org/CodeSystem/ISOPlus",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD10GM2026": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "C4": "http://www.ama-assn.org/go/cpt",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "MDC": "urn:iso:std:iso:11073:10101",
    "ISO3166_1": "urn:iso:std:iso:3166",
}
_NAMES = {uri: name for name, uri in SYSTEMS.items()}
_TABLE = re.compile(r"HL7(\d{4})")
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


@lru_cache(maxsize=4096)
def code_system(name: str) -> str | None:
    """The URI of a code system by its name in a CE or CWE; None for a local name."""
    if known := SYSTEMS.get(name):
        return known
    if table := _TABLE.fullmatch(name):
        return _V2_TABLE + table[1]
    if _OID.fullmatch(name):
        return "urn:oid:" + name
    return name if _URI.fullmatch(name) else None


@lru_cache(maxsize=4096)
def code_system_name(uri: str) -> str:
    """The inverse of `code_system`: a URI without a name of its own stands as it is."""
    if known := _NAMES.get(uri):
        return known
    table = uri.removeprefix(_V2_TABLE)
    if table != uri and re.fullmatch(r"\d{4}", table):
        return "HL7" + table
    oid = uri.removeprefix("urn:oid:")
    return oid if oid != uri and _OID.fullmatch(oid) else uri


@lru_cache(maxsize=4096)
def local_uri(name: str) -> str:
    """The URI that stands for a local name."""
    return LOCAL + quote(name, safe="")


@lru_cache(maxsize=4096)
def local_name(uri: str) -> str | None:
    """The local name that a URI of `local_uri` stands for; None for any other URI."""
    return unquote(uri[len(LOCAL) :]) if uri.startswith(LOCAL) and len(uri) > len(LOCAL) else None


@lru_cache(maxsize=4096)
def universal(identity: str, kind: str) -> str | None:
    """An HD's universal id with its type (HD.2, HD.3; table 0301) as a URI; None where the type gives none."""
    if kind == "ISO" and _OID.fullmatch(identity):
        return "urn:oid:" + identity
    if kind == "UUID" and _UUID.fullmatch(identity):
        return "urn:uuid:" + identity.lower()
    return identity if kind == "URI" and _URI.fullmatch(identity) else None


def universal_parts(uri: str) -> tuple[str, str]:
    """The inverse of `universal`: (HD.2, HD.3)."""
    if uri.startswith("urn:oid:") and _OID.fullmatch(uri[8:]):
        return uri[8:], "ISO"
    if uri.startswith("urn:uuid:") and _UUID.fullmatch(uri[9:]) and uri == uri.lower():
        return uri[9:], "UUID"
    return uri, "URI"
