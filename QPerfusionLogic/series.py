"""What was measured: series, their geometry and protocol, and the notices that travel with them.

Conventions. Image arrays are (frames, slices, rows, columns), maps (slices, rows, columns); a pixel is addressed
(slice, row, column) and, in patient space, by `Geometry` in LPS millimetres (DICOM's frame). Times are seconds,
gadolinium mmol/L, blood flow mL/min/g, volumes mL/g, relaxation times seconds, relaxivities L/mmol/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.uint8]

MYOCARDIUM, LEFT_VENTRICLE, RIGHT_VENTRICLE = 1, 2, 3
"""Values of the label map: myocardium, LV blood pool, RV blood pool."""


class SeriesKind(StrEnum):
    """What a series was acquired for."""

    TISSUE = "tissue"
    AIF = "aif"
    PRE_BOLUS = "pre_bolus"
    T1_MAP = "t1_map"
    OTHER = "other"


class State(StrEnum):
    """The state of the patient during a series."""

    STRESS = "stress"
    REST = "rest"
    UNKNOWN = "unknown"


class Quantity(StrEnum):
    """What the numbers of a series are."""

    SIGNAL = "signal"
    GADOLINIUM = "gd_mmol_l"
    T1 = "t1_s"


class Severity(StrEnum):
    """How much a notice matters to the reading."""

    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"


@dataclass(frozen=True)
class Notice:
    """Something the reader of a result has to know: what was found, what it means, what to do.

    `code` is a stable kebab-case name (`aif-saturated`), `stage` the stage that noticed, `state` stress, rest or "".
    """

    code: str
    message: str
    action: str = ""
    severity: Severity = Severity.WARNING
    stage: str = ""
    state: str = ""


@dataclass(frozen=True)
class Geometry:
    """Where the pixels of a stack of slices lie in the patient.

    Parameters
    ----------
    index_to_lps : (slices, 4, 4) array
        For each slice, maps the homogeneous pixel index (column, row, 0, 1) to LPS millimetres; its third column is the
        unit slice normal times the slice thickness.
    """

    index_to_lps: FloatArray

    @staticmethod
    def axis_aligned(
        slices: int, pixel_spacing_mm: tuple[float, float] = (2.0, 2.0), slice_spacing_mm: float = 10.0
    ) -> Geometry:
        """Return a plain axial geometry with (row, column) spacing, for files that tell nothing about position."""
        matrices = np.zeros((slices, 4, 4))
        matrices[:, 0, 0] = pixel_spacing_mm[1]
        matrices[:, 1, 1] = pixel_spacing_mm[0]
        matrices[:, 2, 2] = slice_spacing_mm
        matrices[:, 3, 3] = 1.0
        matrices[:, 2, 3] = np.arange(slices) * slice_spacing_mm
        return Geometry(matrices)

    @property
    def slices(self) -> int:
        """Number of slices."""
        return int(self.index_to_lps.shape[0])

    @property
    def pixel_spacing_mm(self) -> tuple[float, float]:
        """Distance in mm between rows and between columns (DICOM's order) of the first slice."""
        matrix = self.index_to_lps[0]
        return float(np.linalg.norm(matrix[:3, 1])), float(np.linalg.norm(matrix[:3, 0]))

    @property
    def stack_to_lps(self) -> FloatArray:
        """(4, 4) matrix from (column, row, slice, 1) to LPS mm, with the mean step between slices as third column."""
        matrix = np.array(self.index_to_lps[0], dtype=float)
        if self.slices > 1:
            matrix[:3, 2] = (self.index_to_lps[-1, :3, 3] - self.index_to_lps[0, :3, 3]) / (self.slices - 1)
        return matrix


@dataclass(frozen=True)
class Protocol:
    """How a series was acquired; None where it is not known. Every value names its unit."""

    vendor: str = ""
    model_name: str = ""
    field_strength_t: float | None = None
    sequence: str = "flash"
    """Readout: "flash" (spoiled gradient echo), "bssfp" or "epi"."""
    repetition_time_s: float | None = None
    """Time between readout pulses (not the R-R interval)."""
    echo_time_s: float | None = None
    second_echo_time_s: float | None = None
    flip_angle_deg: float | None = None
    saturation_time_s: float | None = None
    """Effective saturation time TS = TD + n TR: end of saturation to the centre of k-space (DICOM InversionTime)."""
    pulses_to_centre: int | None = None
    """Readout pulses n before the centre of k-space."""
    saturation_efficiency: float = 1.0
    proton_density_flip_angle_deg: float | None = None
    agent: str = ""
    relaxivity_l_mmol_s: float | None = None
    """Longitudinal relaxivity r1 of the agent in blood, when the user fixed one; else the table's."""
    dose_mmol_kg: float | None = None
    heart_rate_bpm: float | None = None


@dataclass(frozen=True)
class SeriesSource:
    """Where a series came from. Identifiers are salted hashes; nothing here names a patient."""

    path: str = ""
    description: str = ""
    series_hash: str = ""
    patient_hash: str = ""
    series_number: int | None = None
    time_source: str = ""
    """Which tag, file or option the frame times were taken from."""
    acquired_at_s: float | None = None
    """Start of the acquisition in seconds of its day, used only to order series."""
    files: int = 0


@dataclass(frozen=True)
class PerfusionSeries:
    """A dynamic series: images over time, when each was taken, where, and how.

    Parameters
    ----------
    signal : (frames, slices, rows, columns) float32 array
        Image values in the unit of `quantity` (arbitrary signal or mmol/L), proton-density frames taken out.
    time_s : (frames, slices) array
        Acquisition time of each slice of each frame, increasing along frames, 0 at the first frame of the series.
    proton_density : (frames, slices, rows, columns) array, optional
        Proton-density-weighted frames of the same geometry.
    second_echo : (frames, slices, rows, columns) array, optional
        Second echo of a two-echo AIF series.
    """

    signal: FloatArray
    time_s: FloatArray
    geometry: Geometry
    protocol: Protocol = field(default_factory=Protocol)
    kind: SeriesKind = SeriesKind.TISSUE
    state: State = State.UNKNOWN
    quantity: Quantity = Quantity.SIGNAL
    proton_density: FloatArray | None = None
    second_echo: FloatArray | None = None
    source: SeriesSource = field(default_factory=SeriesSource)
    notices: tuple[Notice, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.signal.shape[0])

    @property
    def slices(self) -> int:
        """Number of slices."""
        return int(self.signal.shape[1])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        return int(self.signal.shape[1]), int(self.signal.shape[2]), int(self.signal.shape[3])
