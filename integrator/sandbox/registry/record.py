"""The registry record of the demo's trial, DISPO (NCT01409720), reconstructed from what is public about it.

The registry's own record is not part of this project. What stands here was put together from public mirrors of it and
from the trial's papers (BMC Cancer 2011;11:482 and 2014;14:67), and the record says so itself. Mirrors pad 2011-09 to
a day; here it is the month that was registered. Nothing is filled in where the sources are silent.
"""

from __future__ import annotations

from typing import Any

Study = dict[str, Any]

NCT = "NCT01409720"
RECONSTRUCTED = "Reconstructed for the sandbox from public mirrors and papers; not the registry's own text."


def dispo() -> Study:
    """The record as the registry has shown it since March 2014."""
    return {
        "protocolSection": {
            "identificationModule": _identification(),
            "statusModule": _status(),
            "sponsorCollaboratorsModule": {
                "responsibleParty": {"type": "SPONSOR"},
                "leadSponsor": {"name": "Heidelberg University", "class": "OTHER"},
            },
            "oversightModule": {"isFdaRegulatedDrug": False, "isFdaRegulatedDevice": False},
            "descriptionModule": {
                "briefSummary": "Isometric training of the paravertebral muscles in patients with stable spinal bone"
                " metastases under radiation therapy: is it feasible and safe, and what does it change in pain,"
                " quality of life and bone density?",
                "detailedDescription": RECONSTRUCTED,
            },
            "conditionsModule": {"conditions": ["Vertebral Bony Metastases"]},
            "designModule": _design(),
            "armsInterventionsModule": _arms(),
            "outcomesModule": _outcomes(),
            "eligibilityModule": _eligibility(),
            "contactsLocationsModule": _places(),
            "referencesModule": _references(),
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-03-09"}},
        "hasResults": False,
    }


def _identification() -> Study:
    return {
        "nctId": NCT,
        "organization": {"fullName": "Heidelberg University", "class": "OTHER"},
        "briefTitle": "Isometric Muscle Training in Patients With Spinal Bony Metastases Under Radiation Therapy",
        "officialTitle": "Isometric Muscle Training of the Spine Musculature in Patients With Spinal Bony Metastases"
        " Under Radiation Therapy",
        "acronym": "DISPO",
    }


def _status() -> Study:
    """The verification is older than the last update: nobody looked at it again."""
    return {
        "statusVerifiedDate": "2011-08",
        "overallStatus": "COMPLETED",
        "expandedAccessInfo": {"hasExpandedAccess": False},
        "startDateStruct": {"date": "2011-09"},
        "completionDateStruct": {"date": "2013-09", "type": "ACTUAL"},
        "studyFirstSubmitDate": "2011-08-02",
        "lastUpdateSubmitDate": "2014-03-19",
        "lastUpdatePostDateStruct": {"date": "2014-03-20", "type": "ESTIMATED"},
    }


def _design() -> Study:
    return {
        "studyType": "INTERVENTIONAL",
        "phases": ["PHASE2"],
        "designInfo": {
            "allocation": "RANDOMIZED",
            "interventionModel": "PARALLEL",
            "primaryPurpose": "TREATMENT",
            "maskingInfo": {"masking": "NONE"},
        },
        "enrollmentInfo": {"count": 60, "type": "ACTUAL"},
    }


def _arms() -> Study:
    """The control is manual therapy here, respiratory therapy in the papers: two wordings, kept apart."""
    training, control = "A: isometric training", "B: control"
    return {
        "armGroups": [
            {
                "label": training,
                "type": "EXPERIMENTAL",
                "description": "Daily physical training: three isometric exercises supervised by a physiotherapist,"
                " ten daily units of 30 minutes from day 1 of radiotherapy, then at home until 12 weeks after it.",
                "interventionNames": ["Other: exercise"],
            },
            {
                "label": control,
                "type": "ACTIVE_COMPARATOR",
                "description": "Ten daily units of 15 minutes of manual therapy (massage) from day 1 of radiotherapy.",
                "interventionNames": ["Other: manual therapy"],
            },
        ],
        "interventions": [
            {"type": "OTHER", "name": "exercise", "armGroupLabels": [training]},
            {"type": "OTHER", "name": "manual therapy", "armGroupLabels": [control]},
        ],
    }


def _outcomes() -> Study:
    """The registry promises 12 weeks; the papers report three and six months."""
    after = "12 weeks after radiotherapy"
    secondary = ("Bone density", "Pathological fractures", "Pain", "Quality of life", "Fatigue", "Chair stand test")
    return {
        "primaryOutcomes": [{"measure": "Feasibility of isometric training", "timeFrame": after}],
        "secondaryOutcomes": [{"measure": measure, "timeFrame": after} for measure in secondary],
    }


def _eligibility() -> Study:
    return {
        "eligibilityCriteria": "Exclusion Criteria:\n\n* Compression of the spinal cord\n"
        "* Impending pathological fracture",
        "sex": "ALL",
        "minimumAge": "18 Years",
        "maximumAge": "80 Years",
        "stdAges": ["ADULT", "OLDER_ADULT"],
    }


def _places() -> Study:
    return {
        "overallOfficials": [
            {"name": "H. Rief", "affiliation": "Heidelberg University", "role": "PRINCIPAL_INVESTIGATOR"}
        ],
        "locations": [{"facility": "University of Heidelberg", "city": "Heidelberg", "country": "Germany"}],
    }


def _references() -> Study:
    return {
        "references": [
            {
                "pmid": "24499460",
                "type": "DERIVED",
                "citation": "Rief H, et al. BMC Cancer. 2014;14:67.",
            }
        ]
    }
