"""Invariants of Bundle and CapabilityStatement: what a server's answers keep; importing this adds them to `RULES`."""

from __future__ import annotations

from integrator.formats.fhir.invariants import Node, has, rule


@rule("Bundle", "bdl-1", "total only in a searchset or history", on="total")
def bdl_1(it: Node) -> bool:
    return it.get("type") in ("searchset", "history")


@rule("Bundle", "bdl-2", "entry.search only in a searchset", on="entry")
def bdl_2(it: Node) -> bool:
    return it.get("type") == "searchset" or not any("search" in entry for entry in it["entry"])


@rule("Bundle", "bdl-3", "entry.request in batch, transaction and history, and only there")
def bdl_3(it: Node) -> bool:
    needed = it.get("type") in ("batch", "transaction", "history")
    return all(("request" in entry) == needed for entry in it.get("entry", ()))


@rule("Bundle", "bdl-4", "entry.response in batch-response, transaction-response and history, and only there")
def bdl_4(it: Node) -> bool:
    needed = it.get("type") in ("batch-response", "transaction-response", "history")
    return all(("response" in entry) == needed for entry in it.get("entry", ()))


@rule("Bundle", "bdl-7", "a fullUrl stands once, or with different versions")
def bdl_7(it: Node) -> bool:
    if it.get("type") == "history":
        return True
    seen = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in it.get("entry", ())
        if "fullUrl" in entry
    ]
    return len(seen) == len(set(seen))


@rule("Bundle", "bdl-9", "a document needs an identifier with system and value")
def bdl_9(it: Node) -> bool:
    return it.get("type") != "document" or {"system", "value"} <= it.get("identifier", {}).keys()


@rule("Bundle", "bdl-10", "a document needs a timestamp")
def bdl_10(it: Node) -> bool:
    return it.get("type") != "document" or "timestamp" in it


@rule("Bundle", "bdl-11", "a document begins with a Composition")
def bdl_11(it: Node) -> bool:
    return it.get("type") != "document" or _first(it) == "Composition"


@rule("Bundle", "bdl-12", "a message begins with a MessageHeader")
def bdl_12(it: Node) -> bool:
    return it.get("type") != "message" or _first(it) == "MessageHeader"


def _first(bundle: Node) -> str | None:
    entries = bundle.get("entry") or [{}]
    kind = entries[0].get("resource", {}).get("resourceType")
    return kind if isinstance(kind, str) else None


@rule("Bundle.entry", "bdl-5", "a resource, unless there is a request or a response")
def bdl_5(it: Node) -> bool:
    return bool({"resource", "request", "response"} & it.keys())


@rule("Bundle.entry", "bdl-8", "fullUrl names no version", on="fullUrl")
def bdl_8(it: Node) -> bool:
    return "/_history/" not in it["fullUrl"]


@rule("CapabilityStatement", "cpb-1", "rest, messaging or document must be there")
def cpb_1(it: Node) -> bool:
    return bool({"rest", "messaging", "document"} & it.keys())


@rule("CapabilityStatement", "cpb-2", "description, software or implementation must be there")
def cpb_2(it: Node) -> bool:
    return has(it, "description") or "software" in it or "implementation" in it


@rule("CapabilityStatement", "cpb-14", "an instance needs its implementation")
def cpb_14(it: Node) -> bool:
    return it.get("kind") != "instance" or "implementation" in it


@rule("CapabilityStatement", "cpb-15", "a capability needs software and has no implementation")
def cpb_15(it: Node) -> bool:
    return it.get("kind") != "capability" or ("software" in it and "implementation" not in it)


@rule("CapabilityStatement.rest", "cpb-9", "each resource type is described once", on="resource")
def cpb_9(it: Node) -> bool:
    kinds = [resource.get("type") for resource in it["resource"]]
    return len(kinds) == len(set(kinds))


@rule("CapabilityStatement.rest.resource", "cpb-12", "each search parameter is named once", on="searchParam")
def cpb_12(it: Node) -> bool:
    names = [parameter.get("name") for parameter in it["searchParam"]]
    return len(names) == len(set(names))
