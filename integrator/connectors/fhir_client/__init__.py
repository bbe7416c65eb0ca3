"""The EHR as a FHIR R4 server that we ask and write to: what it can do, what it holds, and safe ways to write.

target = FhirTarget("ehr", FhirSession("https://ehr.example/fhir", token=read_token))
target.write("Appointment", fresh, ("https://x.example/appointments", "F-1"), known=None, onto=write_onto)
"""

from integrator.connectors.fhir_client.abilities import Abilities
from integrator.connectors.fhir_client.answers import Answer
from integrator.connectors.fhir_client.session import FhirSession
from integrator.connectors.fhir_client.target import FhirTarget, Gone, Known, Written

__all__ = ["Abilities", "Answer", "FhirSession", "FhirTarget", "Gone", "Known", "Written"]
