"""A hospital to try Integrator on: an EHR with FHIR R4 and a radiotherapy system with HL7 v2, over real sockets."""
