"""Images the frames of one series: signals from the readout table, motion, coils, k-space, noise, magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import State
from QPerfusionLogic.phantom.anatomy.shapes import Grid
from QPerfusionLogic.phantom.anatomy.slice_object import SliceObject, SlicePainter
from QPerfusionLogic.phantom.anatomy.tissue_types import MYOCARDIUM, TISSUES
from QPerfusionLogic.phantom.physiology.circulation import BloodCurves
from QPerfusionLogic.phantom.physiology.heartbeats import Beats
from QPerfusionLogic.phantom.physiology.tissue_curves import TissueCurves
from QPerfusionLogic.phantom.physiology.uptake import organ_curves, residual_gadolinium
from QPerfusionLogic.phantom.scanner.imaging import encode, geometry_factor, noise_image
from QPerfusionLogic.phantom.scanner.readout_table import ReadoutTable, tabulate_readout

if TYPE_CHECKING:
    from QPerfusionLogic.phantom.patients.patient import DigitalPatient, StateParameters


def relaxation_times(patient: DigitalPatient) -> FloatArray:
    """Return native (T1, T2, T2*) of every tissue of this patient, (tissues, 3) in s."""
    times = np.array([tissue.relaxation(patient.scanner.field_strength_t) for tissue in TISSUES])
    times[:, 0] *= patient.factors.t1
    return times


class SeriesImager:
    """Turns the slices of a patient into the frames of one series (tissue or AIF)."""

    def __init__(
        self,
        patient: DigitalPatient,
        state: State,
        parameters: StateParameters,
        blood: BloodCurves,
        curves: TissueCurves,
        grid: Grid,
        aif: bool,
    ) -> None:
        scanner = patient.scanner
        self._patient, self._state, self._parameters = patient, state, parameters
        self._curves, self._time_s, self._grid = curves, blood.time_s, grid
        readout = scanner.readouts()[1 if aif else 0]
        self._encoding = scanner.aif_encoding if aif else scanner.tissue_encoding
        density = np.array([tissue.proton_density for tissue in TISSUES]) * patient.factors.density
        common = (relaxation_times(patient), density, scanner.agent, scanner.flip_scale)
        saturation = scanner.saturation_efficiency * np.array(patient.factors.saturation)
        self._table = tabulate_readout(readout, *common, saturation)
        quiet = readout.proton_density(scanner.proton_density_flip_deg)
        self._proton_table = tabulate_readout(quiet, *common)
        pattern = patient.pattern
        papillary = 0.9 * (pattern.stress_mbf_ml_min_g if state is State.STRESS else pattern.rest_mbf_ml_min_g)
        self._organs = organ_curves(blood, curves, papillary)
        self._residual = residual_gadolinium(parameters.circulation.residual_mmol_l)
        self._gain = scanner.aif_gain if aif else scanner.gain
        self._echoes = self._table.weights.shape[0]
        self._shading, self._amplification = self._coils()

    def image_slice(self, painter: SlicePainter, beats: Beats, random: np.random.Generator) -> dict[str, FloatArray]:
        """Return `signal` (frames, rows, columns), and `second_echo` and `proton_density` where acquired."""
        usual = painter.paint(self._state, self._parameters.contraction)
        gd = self._gadolinium(usual, beats.time_s[:, 0])
        images = np.empty(
            (self._echoes, beats.time_s.shape[0], self._encoding.matrix, self._encoding.matrix), np.float32
        )
        for frame in range(beats.time_s.shape[0]):
            target, tissue_gd, pixel_gd = usual, gd[0][:, frame], gd[1][:, frame]
            if beats.bad[frame, 0]:
                target = painter.paint(
                    self._state,
                    self._parameters.contraction * (1.0 + beats.contraction_change[frame, 0]),
                    beats.level_change[frame, 0],
                )
                other = self._gadolinium(target, beats.time_s[frame])
                tissue_gd, pixel_gd = other[0][:, 0], other[1][:, 0]
            for echo in range(self._echoes):
                objects = self._objects(self._table, target, tissue_gd, pixel_gd, echo)
                images[echo, frame] = self._image(objects, self._table, target, beats.displacement_mm[frame, 0], random)
        result = {"signal": images[0]}
        if self._echoes > 1:
            result["second_echo"] = images[1]
        if self._patient.scanner.proton_density_frames:
            result["proton_density"] = self._proton_density(usual, beats, random)
        return result

    def _gadolinium(self, target: SliceObject, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gadolinium of tissues (tissues, frames) and myocardial pixels (n, frames), left-over included."""
        organs = np.stack([np.interp(time_s, self._time_s, curve) for curve in self._organs])
        return (
            organs + self._residual[:, None],
            self._curves.at(target.flow, time_s) + self._residual[MYOCARDIUM],
        )

    def _proton_density(self, target: SliceObject, beats: Beats, random: np.random.Generator) -> FloatArray:
        pixels = np.full(target.pixels.shape[1], self._residual[MYOCARDIUM])
        objects = self._objects(self._proton_table, target, self._residual, pixels, 0)
        frames = range(self._patient.scanner.proton_density_frames)
        where = beats.displacement_mm[:, 0]
        return np.stack([self._image(objects, self._proton_table, target, where[k], random) for k in frames])

    def _objects(
        self, table: ReadoutTable, target: SliceObject, tissue_gd: FloatArray, pixel_gd: FloatArray, echo: int
    ) -> FloatArray:
        """Return the weights of the line profiles (profiles, rows, columns) before motion."""
        tissues = table(np.arange(len(TISSUES)), tissue_gd, echo).astype(np.float32)
        objects = np.tensordot(tissues.T, target.fractions, axes=1)
        rows, columns = target.pixels
        muscle = table(np.full(pixel_gd.shape, MYOCARDIUM), pixel_gd, echo).astype(np.float32)
        objects[:, rows, columns] += (muscle * target.myocardium[rows, columns][:, None]).T
        return objects

    def _image(
        self,
        objects: FloatArray,
        table: ReadoutTable,
        target: SliceObject,
        displacement_mm: FloatArray,
        random: np.random.Generator,
    ) -> FloatArray:
        """Return one magnitude image."""
        from QPerfusionLogic.phantom.scanner.motion_kernel import warp_objects

        moved = np.empty_like(objects)
        shift = displacement_mm / self._grid.step_mm
        warp_objects(objects, target.moves, float(shift[0]), float(shift[1]), moved)
        image = encode(moved * self._shading, table.profiles, self._encoding)
        if self._encoding.noise_sd > 0:
            image = image + noise_image(self._encoding, random) * self._amplification
        return np.asarray(np.abs(image) * self._gain, np.float32)

    def _coils(self) -> tuple[FloatArray, FloatArray]:
        """Return the receive shading left in the picture (fine grid) and the noise amplification (image grid)."""
        scanner, grid = self._patient.scanner, self._grid
        distance = np.hypot(grid.x_mm + 50.0, grid.y_mm + 80.0)
        sensitivity = np.exp(-scanner.shading * np.maximum(distance - 60.0, 0.0) / 120.0)
        left = sensitivity ** (1.0 - scanner.normalised)
        step = self._encoding.oversampling
        amplification = geometry_factor(self._encoding) * (left / sensitivity)[::step, ::step]
        return left.astype(np.float32), amplification.astype(np.float32)
