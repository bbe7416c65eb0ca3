"""Integrator keeps a trial's facts in step between hospital systems, the EHR and registries."""

__version__ = "0.1.0"
