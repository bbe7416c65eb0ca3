"""Invariants of the R4 resources that a hospital and a trial exchange; importing this adds them to `RULES`.

app-4 is broken in R4: it allows a cancelation reason with status 'no-show', which is no code ('noshow' is). Validators
follow its letter, so ours does too: a cancelationReason is only right with `cancelled`.
"""

from __future__ import annotations

from collections.abc import Iterator

from integrator.formats.fhir.dates import in_order
from integrator.formats.fhir.invariants import Node, has, has_any, rule


@rule("Appointment", "app-2", "start and end are both there, or neither")
def app_2(it: Node) -> bool:
    return has(it, "start") == has(it, "end")


@rule("Appointment", "app-3", "only proposed, cancelled and waitlist may be without start and end")
def app_3(it: Node) -> bool:
    return (has(it, "start") and has(it, "end")) or it.get("status") in ("proposed", "cancelled", "waitlist")


@rule(
    "Appointment",
    "app-4",
    "cancelationReason only with status cancelled (R4 says no-show, which is no code)",
    on="cancelationReason",
)
def app_4(it: Node) -> bool:
    return it.get("status") == "cancelled"


@rule("Appointment.participant", "app-1", "type or actor must be there")
def app_1(it: Node) -> bool:
    return "type" in it or "actor" in it


@rule("AppointmentResponse", "apr-1", "participantType or actor must be there")
def apr_1(it: Node) -> bool:
    return "participantType" in it or "actor" in it


@rule("AuditEvent.entity", "sev-1", "a name or a query, not both", on="query")
def sev_1(it: Node) -> bool:
    return not has(it, "name")


@rule("Consent", "ppc-1", "policy or policyRule must be there")
def ppc_1(it: Node) -> bool:
    return "policy" in it or "policyRule" in it


@rule("Group", "grp-1", "only an actual group has members", on="member")
def grp_1(it: Node) -> bool:
    return it.get("actual") is True


@rule("Observation", "obs-6", "dataAbsentReason only where there is no value[x]", on="dataAbsentReason")
def obs_6(it: Node) -> bool:
    return not has_any(it, "value")


@rule("Observation", "obs-7", "no value[x] beside a component with the same code", on="component")
def obs_7(it: Node) -> bool:
    if not has_any(it, "value"):
        return True
    own = it.get("code", {}).get("coding", [])
    return not any(
        coding in own for component in it["component"] for coding in component.get("code", {}).get("coding", [])
    )


@rule("Observation.referenceRange", "obs-3", "low, high or text must be there")
def obs_3(it: Node) -> bool:
    return "low" in it or "high" in it or has(it, "text")


@rule("Organization", "org-1", "a name or an identifier must be there")
def org_1(it: Node) -> bool:
    return "identifier" in it or has(it, "name")


@rule("Organization", "org-2", "an organization's address is never of use home", on="address")
def org_2(it: Node) -> bool:
    return not any(address.get("use") == "home" for address in it["address"])


@rule("Organization", "org-3", "an organization's telecom is never of use home", on="telecom")
def org_3(it: Node) -> bool:
    return not any(telecom.get("use") == "home" for telecom in it["telecom"])


@rule("Patient.contact", "pat-1", "name, telecom, address or organization must be there")
def pat_1(it: Node) -> bool:
    return bool({"name", "telecom", "address", "organization"} & it.keys())


@rule("ServiceRequest", "prr-1", "orderDetail only with a code", on="orderDetail")
def prr_1(it: Node) -> bool:
    return "code" in it


@rule("Task", "inv-1", "lastModified must not be before authoredOn", on="lastModified")
def task_inv_1(it: Node) -> bool:
    return "authoredOn" not in it or in_order(it["authoredOn"], it["lastModified"])


@rule("Goal.target", "gol-1", "a detail needs a measure")
def gol_1(it: Node) -> bool:
    return not has_any(it, "detail") or "measure" in it


@rule("CarePlan.activity", "cpl-3", "a detail or a reference, not both", on="detail")
def cpl_3(it: Node) -> bool:
    return "reference" not in it


CONDITION = "http://terminology.hl7.org/CodeSystem/condition-"


@rule("Condition", "con-4", "what has abated is inactive, resolved or in remission")
def con_4(it: Node) -> bool:
    return not has_any(it, "abatement") or bool({"inactive", "resolved", "remission"} & _codes(it, "clinical"))


@rule("Condition", "con-5", "no clinicalStatus with verificationStatus entered-in-error", on="clinicalStatus")
def con_5(it: Node) -> bool:
    return "entered-in-error" not in _codes(it, "ver-status")


def _codes(condition: Node, which: str) -> set[str]:
    """The condition's codes of `clinical` or `ver-status`."""
    concept = condition.get("clinicalStatus" if which == "clinical" else "verificationStatus", {})
    return {each.get("code", "") for each in concept.get("coding", ()) if each.get("system") == CONDITION + which}


@rule("Condition.stage", "con-1", "summary or assessment must be there")
def con_1(it: Node) -> bool:
    return "summary" in it or "assessment" in it


@rule("Condition.evidence", "con-2", "code or detail must be there")
def con_2(it: Node) -> bool:
    return "code" in it or "detail" in it


@rule("Parameters.parameter", "inv-1", "one of value[x], resource and part, and only one")
def parameters_inv_1(it: Node) -> bool:
    return has_any(it, "value") + ("resource" in it) + ("part" in it) == 1


@rule("QuestionnaireResponse.item", "qrs-1", "nested items stand beneath the item or its answers, not both", on="item")
def qrs_1(it: Node) -> bool:
    return "answer" not in it


@rule("Questionnaire", "que-2", "each linkId is used once", on="item")
def que_2(it: Node) -> bool:
    links = list(_link_ids(it))
    return len(links) == len(set(links))


def _link_ids(node: Node) -> Iterator[str]:
    for inner in node.get("item", ()):
        if "linkId" in inner:
            yield inner["linkId"]
        yield from _link_ids(inner)


@rule("Questionnaire.item", "que-1", "a group needs items, a display item has none")
def que_1(it: Node) -> bool:
    return it.get("type") not in ("group", "display") or (it["type"] == "group") == ("item" in it)


@rule("Questionnaire.item", "que-4", "answerOption or answerValueSet, not both", on="answerOption")
def que_4(it: Node) -> bool:
    return not has(it, "answerValueSet")


@rule("Questionnaire.item", "que-11", "no initial value beside answer options", on="answerOption")
def que_11(it: Node) -> bool:
    return "initial" not in it


@rule("Questionnaire.item", "que-12", "several conditions need enableBehavior", on="enableWhen")
def que_12(it: Node) -> bool:
    return len(it["enableWhen"]) <= 2 or has(it, "enableBehavior")


@rule("Questionnaire.item.enableWhen", "que-7", "the operator exists needs a boolean answer", on="operator")
def que_7(it: Node) -> bool:
    return it["operator"] != "exists" or has(it, "answerBoolean")
