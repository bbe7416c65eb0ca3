"""A registry that answers as ClinicalTrials.gov does: `python -m integrator.sandbox.registry --port 0 --store FILE`."""
