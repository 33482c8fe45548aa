"""Coded terms of the DICOM objects: quantities, units, anatomy, states; our own codes have the scheme 99QPERFUSION."""

from __future__ import annotations

from dataclasses import dataclass

from QPerfusionLogic.data.aha_model import SEGMENT_NAMES

PRIVATE = "99QPERFUSION"


@dataclass(frozen=True)
class Term:
    """A coded term: value, coding scheme and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class LabelTerm:
    """What a value of a label map means: a name, its category and its type."""

    label: str
    category: Term
    type: Term


FLOW_UNIT = Term("mL/min/g", "UCUM", "milliliter per minute per gram")
SECOND = Term("s", "UCUM", "second")
VOLUME_UNIT = Term("mL/g", "UCUM", "milliliter per gram")
CONCENTRATION_UNIT = Term("mmol/L", "UCUM", "millimole per liter")
NO_UNIT = Term("1", "UCUM", "no units")
BLOOD_FLOW = Term("126390", "DCM", "Absolute Regional Blood Flow")
BLOOD_FLOW_ERROR = Term("blood-flow-se", PRIVATE, "Standard error of myocardial blood flow")
RESERVE = Term("mpr", PRIVATE, "Myocardial perfusion reserve, stress over rest")
RESERVE_ERROR = Term("mpr-se", PRIVATE, "Standard error of myocardial perfusion reserve")
MAP_TERMS = {
    "mbf": (BLOOD_FLOW, FLOW_UNIT),
    "mbf_se": (BLOOD_FLOW_ERROR, FLOW_UNIT),
    "mpr": (RESERVE, NO_UNIT),
    "delay": (Term("arterial-delay", PRIVATE, "Arterial delay"), SECOND),
    "ps": (Term("ps", PRIVATE, "Permeability surface area product"), FLOW_UNIT),
    "vp": (Term("plasma-volume", PRIVATE, "Plasma volume"), VOLUME_UNIT),
    "ve": (Term("interstitium", PRIVATE, "Interstitial volume"), VOLUME_UNIT),
    "rms": (Term("residual-rms", PRIVATE, "Root mean square residual of the fit"), CONCENTRATION_UNIT),
    "r2": (Term("r-squared", PRIVATE, "Coefficient of determination of the fit"), NO_UNIT),
    "blood_share": (Term("blood-share", PRIVATE, "Share of ventricular blood in the pixel"), NO_UNIT),
    "status": (Term("fit-status", PRIVATE, "Status of the fit"), NO_UNIT),
}
"""Map name -> quantity and unit."""
TISSUE = Term("85756007", "SCT", "Tissue")
ANATOMY = Term("91723000", "SCT", "Anatomical Structure")
LABEL_TERMS = {
    1: LabelTerm("myocardium", TISSUE, Term("74281007", "SCT", "Myocardium")),
    2: LabelTerm("LV blood pool", ANATOMY, Term("87878005", "SCT", "Left ventricle")),
    3: LabelTerm("RV blood pool", ANATOMY, Term("53085002", "SCT", "Right ventricle")),
}
"""Value of the label map -> what it means."""
PATIENT_STATE = Term("109054", "DCM", "Patient State")
STATE_TERMS = {
    "stress": Term("109091", "DCM", "Cardiac Stress State"),
    "rest": Term("128975004", "SCT", "Resting State"),
}
SEGMENT_CODES = (
    "264850008",
    "396482007",
    "396646008",
    "264846001",
    "396652009",
    "396654005",
    "264848000",
    "396647004",
    "396649001",
    "264847005",
    "396655006",
    "396656007",
    "264844003",
    "264845002",
    "264849008",
    "264853005",
)
"""SNOMED CT codes of the AHA segments 1 to 16 (DICOM CID 3717)."""


def segment_term(segment: int) -> Term:
    """Return the coded term of an AHA segment, 1 to 16.

    Examples
    --------
    >>> segment_term(1).meaning
    'left ventricle basal anterior segment'
    """
    return Term(SEGMENT_CODES[segment - 1], "SCT", f"left ventricle {SEGMENT_NAMES[segment]} segment")


AHA_TERMS = {
    segment: LabelTerm(f"{segment} {name}", TISSUE, segment_term(segment)) for segment, name in SEGMENT_NAMES.items()
}
"""AHA segment -> what it means."""
TERRITORY_TERMS = {
    "LAD": Term("59438005", "SCT", "Left Anterior Descending Coronary Artery"),
    "LCX": Term("57396003", "SCT", "Circumflex Coronary Artery"),
    "RCA": Term("13647002", "SCT", "Right Coronary Artery"),
}


def map_terms(name: str) -> tuple[Term, Term]:
    """Return quantity and unit of a map; an unknown map gets a private quantity without unit.

    Examples
    --------
    >>> map_terms("mbf")[1].value
    'mL/min/g'
    """
    return MAP_TERMS.get(name, (Term(name[:16], PRIVATE, name.replace("_", " ")[:64]), NO_UNIT))
