"""Parametric maps and segmentations as DICOM objects."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from QPerfusionLogic import __version__
from QPerfusionLogic.data.arrays import FloatArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.io.results.provenance import array_hash
from QPerfusionLogic.reporting.tables.colour_table import colour_table

from .dicom_codes import LabelTerm, Term, map_terms
from .dicom_sources import SourceImages

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAKER = "QPerfusion"
FIRST_SERIES_NUMBER = 9100


@dataclass(frozen=True)
class ObjectIdentity:
    """Names and numbers of one exported object; the UIDs follow from the source and the content."""

    name: str
    description: str
    series_number: int
    fingerprint: str

    def keywords(self, sources: SourceImages) -> dict[str, Any]:
        """Return the arguments that every highdicom object takes."""
        from pydicom.uid import generate_uid

        study = str(sources.datasets[0].StudyInstanceUID)
        entropy = [study, self.name, self.fingerprint, __version__]
        return {
            "series_instance_uid": generate_uid(entropy_srcs=[*entropy, "series"]),
            "series_number": self.series_number,
            "sop_instance_uid": generate_uid(entropy_srcs=[*entropy, "instance"]),
            "instance_number": 1,
            "manufacturer": MAKER,
            "series_description": self.description,
        }

    def equipment(self) -> dict[str, Any]:
        """Return the arguments that name the software."""
        return {"manufacturer_model_name": MAKER, "software_versions": __version__, "device_serial_number": "0"}


def coded(term: Term) -> Any:
    """Return a term as highdicom's coded concept."""
    from highdicom.sr import CodedConcept

    return CodedConcept(term.value, term.scheme, term.meaning)


def is_exportable(geometry: Geometry) -> bool:
    """Return whether all slices are parallel, as one DICOM multi-frame object with one orientation wants."""
    axes = geometry.index_to_lps[:, :3, :2]
    return bool(np.allclose(axes, axes[0], atol=1e-4))


def parametric_map(
    name: str, values: FloatArray | LabelArray, geometry: Geometry, sources: SourceImages, identity: ObjectIdentity
) -> Dataset:
    """Return a map as a DICOM Parametric Map with its quantity and UCUM unit.

    Parameters
    ----------
    name : str
        Name of the map; decides quantity and unit.
    values : (slices, rows, columns) array
        NaN where there is no number, kept as NaN.
    geometry : Geometry
        Of `values`.
    sources : SourceImages
        Whose patient, study and frame of reference the object takes.
    identity : ObjectIdentity
        Series number and description.
    """
    import highdicom as hd

    quantity, unit = map_terms(name)
    pixels = np.asarray(values, dtype=np.float32)
    known = pixels[np.isfinite(pixels)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label=name[:16],
        lut_explanation=quantity.meaning[:64],
        unit=coded(unit),
        value_range=(low, high if high > low else low + 1.0),
        slope=1.0,
        intercept=0.0,
        quantity_definition=coded(quantity),
    )
    found = hd.pm.ParametricMap(
        source_images=[_with_planes_of(geometry, dataset) for dataset in sources.datasets],
        pixel_array=pixels,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        content_label=name.upper()[:16],
        content_description=quantity.meaning[:64],
        **_window(hd.pm.ParametricMap, *_shown_range(name, low, high)),
        **_planes(geometry),
        **identity.keywords(sources),
        **identity.equipment(),
    )
    found.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence[0].VOILUTFunction = "LINEAR_EXACT"
    found.BodyPartExamined = "HEART"
    return found


def segmentation(
    labels: FloatArray | LabelArray,
    terms: Mapping[int, LabelTerm],
    geometry: Geometry,
    sources: SourceImages,
    identity: ObjectIdentity,
    given: bool,
) -> Dataset | None:
    """Return a label map as a DICOM Segmentation, None when nothing is labelled.

    Parameters
    ----------
    labels : (slices, rows, columns) uint8 array
        0 background; values as in `terms`.
    terms : mapping
        What each value means; values that do not occur are left out.
    geometry : Geometry
        Of `labels`.
    sources : SourceImages
        Whose patient, study and frame of reference the object takes.
    identity : ObjectIdentity
        Series number and description.
    given : bool
        True when a person drew the labels.
    """
    import highdicom as hd

    present = [label for label in terms if (labels == label).any()]
    if not present:
        return None
    algorithm = hd.AlgorithmIdentificationSequence(
        name=MAKER, version=__version__, family=hd.sr.CodedConcept("123105", "DCM", "Segmented by software")
    )
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=terms[label].label,
            segmented_property_category=coded(terms[label].category),
            segmented_property_type=coded(terms[label].type),
            algorithm_type="MANUAL" if given else "AUTOMATIC",
            algorithm_identification=None if given else algorithm,
            tracking_uid=_tracking_uid(sources, identity, label),
            tracking_id=f"{identity.name} {terms[label].label}",
        )
        for number, label in enumerate(present, start=1)
    ]
    renumbered = np.zeros(labels.shape, dtype=np.uint8)
    for number, label in enumerate(present, start=1):
        renumbered[labels == label] = number
    return hd.seg.Segmentation(
        source_images=list(sources.datasets),
        pixel_array=renumbered,
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        content_label="HEART",
        content_description=identity.description[:64],
        **_planes(geometry),
        **identity.keywords(sources),
        **identity.equipment(),
    )


def _with_planes_of(geometry: Geometry, source: Dataset) -> Dataset:
    """Return a source whose frames are the slices of the map, if it is a multi-frame image; else as it is.

    Up to highdicom 0.27 a map cannot be made from a multi-frame source with fewer frames, or with planes read from a
    file: it compares them with its own, one by one.
    """
    from pydicom.dataset import Dataset

    if "PerFrameFunctionalGroupsSequence" not in source:
        return source
    planes = _planes(geometry)
    shared, frames = Dataset(), [Dataset() for _ in planes["plane_positions"]]
    shared.PixelMeasuresSequence = planes["pixel_measures"]
    shared.PlaneOrientationSequence = planes["plane_orientation"]
    for frame, position in zip(frames, planes["plane_positions"], strict=True):
        frame.PlanePositionSequence = position
    changed = Dataset(dict(source.items()))
    changed.file_meta = source.file_meta
    changed.NumberOfFrames = len(frames)
    changed.SharedFunctionalGroupsSequence = [shared]
    changed.PerFrameFunctionalGroupsSequence = frames
    return changed


def _shown_range(name: str, low: float, high: float) -> tuple[float, float]:
    """Return the range a map is first shown over: fixed for flow and reserve, its own for other maps."""
    if name in ("mbf", "mpr"):
        return 0.0, colour_table(name.upper()).top
    return low, high if high > low else low + 1.0


def _window(parametric_map: type, low: float, high: float) -> dict[str, Any]:
    """Return a window as this highdicom takes it: up to 0.27 as two numbers, from 0.28 on as a transformation."""
    import highdicom as hd

    window: dict[str, Any] = {"window_center": (low + high) / 2, "window_width": high - low}
    if "voi_lut_transformations" not in inspect.signature(parametric_map).parameters:
        return window
    return {"voi_lut_transformations": [hd.VOILUTTransformation(**window)]}


def fingerprint_of(values: FloatArray | LabelArray) -> str:
    """Return what makes the UIDs of an object follow its content."""
    return array_hash(np.asarray(values, dtype=np.float32))


def _tracking_uid(sources: SourceImages, identity: ObjectIdentity, label: int) -> str:
    from pydicom.uid import generate_uid

    study = str(sources.datasets[0].StudyInstanceUID)
    return str(generate_uid(entropy_srcs=[study, identity.name, identity.fingerprint, str(label)]))


def _planes(geometry: Geometry) -> dict[str, Any]:
    """Return pixel measures, orientation and positions of every slice."""
    import highdicom as hd

    matrix = geometry.index_to_lps[0]
    spacing = geometry.pixel_spacing_mm
    thickness = float(np.linalg.norm(matrix[:3, 2])) or 1.0
    step = geometry.stack_to_lps[:3, 2]
    rows, columns = geometry.in_plane_axes[0]
    return {
        "pixel_measures": hd.PixelMeasuresSequence(
            pixel_spacing=[round(value, 6) for value in spacing],
            slice_thickness=round(thickness, 6),
            spacing_between_slices=round(float(np.linalg.norm(step)), 6),
        ),
        "plane_orientation": hd.PlaneOrientationSequence("PATIENT", [round(float(v), 8) for v in (*columns, *rows)]),
        "plane_positions": [
            hd.PlanePositionSequence("PATIENT", [round(float(value), 6) for value in slice_matrix[:3, 3]])
            for slice_matrix in geometry.index_to_lps
        ],
    }
