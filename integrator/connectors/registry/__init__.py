"""The registry (ClinicalTrials.gov, API v2) as we look at it: its data version, and one study at a time. Read only.

client = RegistryClient("https://clinicaltrials.gov/api/v2")
fetched = client.study("NCT01409720", etag=last_etag)     # None: nothing new
"""

from integrator.connectors.registry.client import Fetched, RegistryClient, Version
from integrator.connectors.registry.pace import Pace

__all__ = ["Fetched", "Pace", "RegistryClient", "Version"]
