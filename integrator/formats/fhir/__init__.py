"""FHIR R4 as facts: what elements there are, what a resource must look like, how its times are written."""
