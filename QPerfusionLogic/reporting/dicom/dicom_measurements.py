"""The segment table as a DICOM structured report (TID 1500): flow, reserve and their errors at coded sites."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from QPerfusionLogic import __version__
from QPerfusionLogic.reporting.tables.report import SegmentRow

from .dicom_codes import (
    AHA_TERMS,
    BLOOD_FLOW,
    BLOOD_FLOW_ERROR,
    FLOW_UNIT,
    LABEL_TERMS,
    NO_UNIT,
    PATIENT_STATE,
    RESERVE,
    RESERVE_ERROR,
    STATE_TERMS,
    TERRITORY_TERMS,
    Term,
)
from .dicom_images import MAKER, ObjectIdentity, coded
from .dicom_sources import SourceImages

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DEVICE_UID_NAME = "QPerfusion measurement device"
_QUANTITIES = (
    ("stress", "stress_mbf", "stress_se", BLOOD_FLOW, BLOOD_FLOW_ERROR, FLOW_UNIT),
    ("rest", "rest_mbf", "rest_se", BLOOD_FLOW, BLOOD_FLOW_ERROR, FLOW_UNIT),
    ("reserve", "mpr", "mpr_se", RESERVE, RESERVE_ERROR, NO_UNIT),
)


def measurement_report(
    rows: Sequence[SegmentRow],
    sources: SourceImages,
    evidence: Sequence[Dataset],
    identity: ObjectIdentity,
    models: dict[str, str],
) -> Dataset | None:
    """Return the measurements as an Enhanced TID 1500 report, None when there is no number.

    Parameters
    ----------
    rows : sequence of SegmentRow
        Whole segments, vessels and the global row are reported; the layers stay in segments.csv.
    sources : SourceImages
        Images that were measured.
    evidence : sequence of Dataset
        Exported maps and segmentations that the report points to.
    identity : ObjectIdentity
        Series number and description.
    models : dict
        State -> kinetic model, named as the algorithm of its measurements.
    """
    import highdicom as hd

    groups = [
        group
        for row in rows
        if row.layer in ("all", "vessel", "global")
        for quantity in _QUANTITIES
        if (group := _group(row, quantity, models, identity.fingerprint)) is not None
    ]
    if not groups:
        return None
    observer = hd.sr.ObserverContext(
        observer_type=hd.sr.CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=_uid(DEVICE_UID_NAME, __version__),
            name=MAKER,
            manufacturer_name=MAKER,
            model_name=f"{MAKER} {__version__}, research use only",
        ),
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=hd.sr.CodedConcept("122602", "DCM", "Myocardial Perfusion Analysis"),
        imaging_measurements=groups,
        title=hd.sr.CodedConcept("126000", "DCM", "Imaging Measurement Report"),
    )
    return hd.sr.ComprehensiveSR(
        evidence=[*sources.datasets, *evidence] if not sources.made_up else list(evidence),
        content=content[0],
        is_complete=True,
        is_final=False,
        **identity.keywords(sources),
    )


def _group(
    row: SegmentRow, quantity: tuple[str, str, str, Term, Term, Term], models: dict[str, str], fingerprint: str
) -> Any:
    """Return the measurement group of one quantity at one site, None where there is no number."""
    import highdicom as hd

    state, value_name, error_name, term, error_term, unit = quantity
    value, error = getattr(row, value_name), getattr(row, error_name)
    if not math.isfinite(value):
        return None
    measurements = [hd.sr.Measurement(coded(term), round(value, 4), coded(unit))]
    if math.isfinite(error):
        measurements.append(hd.sr.Measurement(coded(error_term), round(error, 4), coded(unit)))
    label, site = _site(row)
    evaluations = []
    if state in STATE_TERMS:
        evaluations.append(hd.sr.QualitativeEvaluation(coded(PATIENT_STATE), coded(STATE_TERMS[state])))
    model = models.get(state) or models.get("stress", "")
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=_uid(fingerprint, label, value_name), identifier=f"{label}, {state}"
        ),
        session=state,
        algorithm_id=hd.sr.AlgorithmIdentification(f"{MAKER} {model}".strip(), __version__),
        finding_sites=[hd.sr.FindingSite(coded(site))],
        measurements=measurements,
        qualitative_evaluations=evaluations,
    )


def _site(row: SegmentRow) -> tuple[str, Term]:
    if row.segment:
        return f"segment {AHA_TERMS[row.segment].label}", AHA_TERMS[row.segment].type
    if row.territory in TERRITORY_TERMS:
        return f"{row.territory} territory", TERRITORY_TERMS[row.territory]
    return "whole myocardium", LABEL_TERMS[1].type


def _uid(*parts: str) -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=list(parts)))
