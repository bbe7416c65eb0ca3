"""The study record of ClinicalTrials.gov (API v2): its bytes as structure, and a model of what it may hold; pure."""

from integrator.formats.study_record.document import (
    NCT,
    Study,
    fingerprint,
    nct_of,
    parse_page,
    parse_study,
    update_submitted,
)
from integrator.formats.study_record.model import Field, StudyModel, study_model

__all__ = [
    "NCT",
    "Field",
    "Study",
    "StudyModel",
    "fingerprint",
    "nct_of",
    "parse_page",
    "parse_study",
    "study_model",
    "update_submitted",
]
