"""An EHR with FHIR R4, as a process of its own: `python -m integrator.sandbox.ehr --port 0 --store FILE`."""
