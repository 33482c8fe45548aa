"""What was measured: series, their geometry and protocol, and the notices that travel with them.

Conventions. Image arrays are (frames, slices, rows, columns), maps (slices, rows, columns); a pixel is addressed
(slice, row, column) and, in patient space, by `Geometry` in LPS millimetres (DICOM's frame). Times are seconds,
gadolinium mmol/L, blood flow mL/min/g, volumes mL/g, relaxation times seconds, relaxivities L/mmol/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .arrays import FloatArray
from .geometry import Geometry
from .notices import Notice
from .protocol import Protocol


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
