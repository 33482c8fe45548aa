"""The scanner of a digital patient: sequences, geometry and imperfections."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol

from .bloch import Readout
from .imaging import Encoding
from .readout_table import Agent

MODELS = {"siemens": "MAGNETOM Aera", "ge": "SIGNA Artist", "philips": "Ingenia Ambition"}


@dataclass(frozen=True)
class Scanner:
    """Everything about the acquisition that does not change between stress and rest.

    `flip_scale` and `saturation_efficiency` are what the scanner really does, while its header shows the nominal
    values. `shading` is the fall of the receive sensitivity away from the chest wall and `normalised` how much of it
    the scanner's own normalisation undoes (amplifying noise instead).
    """

    vendor: str = "siemens"
    field_strength_t: float = 1.5
    tissue: Readout = field(default_factory=Readout)
    tissue_encoding: Encoding = field(default_factory=Encoding)
    aif: Readout = field(
        default_factory=lambda: Readout(
            repetition_time_s=0.0024,
            echo_time_s=0.0008,
            second_echo_time_s=0.0018,
            flip_angle_deg=5.0,
            saturation_delay_s=0.0019,
        )
    )
    aif_encoding: Encoding = field(
        default_factory=lambda: Encoding(matrix=64, phase_resolution=0.56, noise_sd=0.0015, filter_strength=0.6)
    )
    agent: Agent = field(default_factory=Agent)
    pixel_mm: float = 2.25
    slice_thickness_mm: float = 8.0
    slice_step_mm: float = 16.0
    proton_density_frames: int = 3
    proton_density_flip_deg: float = 8.0
    flip_scale: float = 1.0
    saturation_efficiency: float = 0.99
    shading: float = 0.5
    normalised: float = 0.8
    gain: float = 3000.0
    aif_gain: float = 15000.0
    rotation_rad: float = 0.0
    mirrored: bool = False

    def readouts(self) -> tuple[Readout, Readout]:
        """Return (tissue, AIF) readouts with the lines that their encodings need."""
        return _fit_lines(self.tissue, self.tissue_encoding), _fit_lines(self.aif, self.aif_encoding)

    def geometry(self, slices: int, first_level_mm: float = 0.0, aif: bool = False) -> Geometry:
        """Return where `slices` short-axis slices lie, turned in their plane by `rotation_rad`."""
        matrix = (self.aif_encoding if aif else self.tissue_encoding).matrix
        spacing = self.pixel_mm * self.tissue_encoding.matrix / matrix
        column_axis, row_axis, normal = self.axes()
        matrices = np.zeros((slices, 4, 4))
        centre = np.array([-45.0, -20.0, 10.0]) * np.array([-1.0, 1.0, 1.0])
        for index in range(slices):
            towards_apex = normal * (first_level_mm + index * self.slice_step_mm)
            corner = centre + towards_apex - (column_axis + row_axis) * spacing * (matrix // 2)
            matrices[index, :3, 0] = column_axis * spacing
            matrices[index, :3, 1] = row_axis * spacing
            matrices[index, :3, 2] = np.cross(column_axis, row_axis) * self.slice_thickness_mm
            matrices[index, :3, 3] = corner
            matrices[index, 3, 3] = 1.0
        return Geometry(matrices)

    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return unit vectors in LPS: along a row (columns grow), along a column (rows grow), and from base to apex.

        Unrotated, columns grow from the septum to the free wall and rows from anterior to inferior, as short-axis
        views are shown.
        """
        normal = np.array([0.70, -0.60, -0.39])
        normal /= np.linalg.norm(normal)
        down = np.array([0.0, 0.0, -1.0]) + normal * normal[2]
        down /= np.linalg.norm(down)
        right = np.cross(normal, down)
        cosine, sine = np.cos(self.rotation_rad), np.sin(self.rotation_rad)
        columns, rows = right * cosine + down * sine, down * cosine - right * sine
        return (-columns if self.mirrored else columns), rows, normal

    def protocol(
        self, aif: bool = False, heart_rate_bpm: float | None = None, dose_mmol_kg: float | None = None
    ) -> Protocol:
        """Return the nominal protocol, as a header would show it."""
        readout = self.readouts()[1 if aif else 0]
        return Protocol(
            vendor=self.vendor,
            model_name=MODELS.get(self.vendor, "digital"),
            field_strength_t=self.field_strength_t,
            sequence=readout.sequence,
            repetition_time_s=readout.repetition_time_s,
            echo_time_s=readout.echo_time_s,
            second_echo_time_s=readout.second_echo_time_s,
            flip_angle_deg=readout.flip_angle_deg,
            saturation_time_s=readout.saturation_time_s,
            pulses_to_centre=readout.pulses_to_centre,
            proton_density_flip_angle_deg=self.proton_density_flip_deg if self.proton_density_frames else None,
            agent=self.agent.name,
            dose_mmol_kg=dose_mmol_kg,
            heart_rate_bpm=heart_rate_bpm,
        )


def _fit_lines(readout: Readout, encoding: Encoding) -> Readout:
    return replace(readout, lines=encoding.pulses, pulses_to_centre=encoding.pulses_to_centre)
