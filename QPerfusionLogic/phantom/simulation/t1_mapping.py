"""The native T1 map of a digital patient, as a MOLLI sequence would give it before any contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from QPerfusionLogic.data.series import SeriesSource, State
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.phantom.anatomy import tissue_types as tissues
from QPerfusionLogic.phantom.anatomy.slice_object import SlicePainter, make_grid

from .series_imager import relaxation_times

if TYPE_CHECKING:
    from QPerfusionLogic.phantom.patients.patient import DigitalPatient

UNDERESTIMATION = {tissues.MYOCARDIUM: 0.95, tissues.PAPILLARY: 0.95, tissues.RV_WALL: 0.95}
"""MOLLI reads T1 of myocardium about 5 % short (Kellman & Hansen, JCMR 2014)."""
NOISE_S = 0.03
SHIFT_MM = 2.0


def simulate_t1_map(patient: DigitalPatient) -> T1Map:
    """Return T1 in s (slices, rows, columns): blurred, noisy, taken in another breath-hold."""
    random = np.random.default_rng([patient.seed, 5])
    scanner = patient.scanner
    grid = make_grid(scanner.tissue_encoding.matrix, scanner.pixel_mm, 1, scanner.rotation_rad, scanner.mirrored)
    state = State.REST if State.REST in patient.states else next(iter(patient.states))
    times = relaxation_times(patient)[:, 0]
    seen = times * np.array([UNDERESTIMATION.get(tissue, 1.0) for tissue in range(len(tissues.TISSUES))])
    density = np.array([tissue.proton_density for tissue in tissues.TISSUES])
    slices = []
    for level in patient.levels:
        painter = SlicePainter(patient.heart, patient.torso, patient.pattern, grid, level, 0.0)
        target = painter.paint(state, patient.states[state].contraction)
        fractions = target.fractions.copy()
        fractions[tissues.MYOCARDIUM] = target.myocardium
        amount = np.tensordot(density, fractions, axes=1)
        weighted = gaussian_filter(np.tensordot(seen * density, fractions, axes=1), 0.6)
        signal = gaussian_filter(amount, 0.6)
        t1_s = np.where(signal > 0.1, weighted / np.maximum(signal, 0.1), 0.0)
        noise = NOISE_S * random.standard_normal(t1_s.shape) / np.clip(signal, 0.2, 1.0)
        shift = np.round(random.normal(0.0, SHIFT_MM / scanner.pixel_mm, 2)).astype(int)
        slices.append(np.roll(np.clip(t1_s + noise * (t1_s > 0), 0.0, 4.0), tuple(shift), (0, 1)))
    source = SeriesSource(description="T1 map MOLLI digital", acquired_at_s=-600.0)
    return T1Map(np.stack(slices).astype(np.float32), scanner.geometry(len(patient.levels)), source)
