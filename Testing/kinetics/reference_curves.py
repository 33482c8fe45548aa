"""Tissue curves by fine steps in time, from the mass balance of each model: shares no code with the package."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

STEP_S = 0.01


def parker_plasma(time_s, arrival_s=10.0, hematocrit=0.42):
    """Population-averaged arterial plasma, mmol/L (Parker GJ et al. Magn Reson Med 2006;56:993-1000)."""
    minutes = (np.asarray(time_s) - arrival_s) / 60.0
    areas, centres, widths = (0.809, 0.330), (0.17046, 0.365), (0.0563, 0.132)
    bolus = sum(
        area / (width * np.sqrt(2 * np.pi)) * np.exp(-((minutes - centre) ** 2) / (2 * width**2))
        for area, centre, width in zip(areas, centres, widths, strict=True)
    )
    tail = 1.050 * np.exp(-0.1685 * minutes) / (1.0 + np.exp(-38.078 * (minutes - 0.483)))
    return np.where(minutes >= 0, bolus + tail, 0.0) / (1.0 - hematocrit)


def fine_grid(duration_s):
    return np.arange(0.0, duration_s + STEP_S, STEP_S)


def cells_in_a_row(plasma, flow, vp, ps, ve, cells=1):
    """Amount in tissue of stirred cells in a row, each exchanging with its own interstitium; exact within each step.

    `plasma` holds arterial samples at the steps; flow and PS in mL/min/g, volumes in mL/g. The input is a straight line
    within a step, so the step is exact: the state is advanced together with the input and its slope.
    """
    size = 2 * cells
    system = np.zeros((size + 2, size + 2))
    for cell in range(cells):
        inside, outside = 2 * cell, 2 * cell + 1
        system[inside, inside] = -(flow * cells + ps) / vp
        system[inside, outside] = ps / vp
        system[outside, inside], system[outside, outside] = ps / ve, -ps / ve
        system[inside, size if cell == 0 else inside - 2] = flow * cells / vp
    system[size, size + 1] = 60.0
    propagator = expm(system / 60.0 * STEP_S)
    volume = np.tile([vp / cells, ve / cells], cells)
    state = np.zeros(size + 2)
    amount = np.empty(plasma.size)
    slope = np.append(np.diff(plasma), 0.0) / STEP_S
    for index in range(plasma.size):
        state[size], state[size + 1] = plasma[index], slope[index]
        amount[index] = volume @ state[:size]
        state = propagator @ state
    return amount


def uptake(plasma, flow, vp, ps):
    """Amount in tissue of one stirred plasma cell that loses to an interstitium from which nothing comes back."""
    inside = one_cell(plasma, flow + ps, vp) * flow / (flow + ps)
    return inside + ps / vp / 60.0 * area(inside)


def one_cell(plasma, flow, volume):
    """Amount in one stirred cell; exact for an input of straight lines."""
    rate = flow / volume / 60.0
    decay = np.exp(-rate * STEP_S)
    amount = np.zeros(plasma.size)
    for index in range(1, plasma.size):
        slope = (plasma[index] - plasma[index - 1]) / STEP_S
        gain = plasma[index - 1] * (1 - decay) + slope * (STEP_S - (1 - decay) / rate)
        amount[index] = amount[index - 1] * decay + volume * gain
    return amount


def area(values):
    """Integral of values at the steps up to each of them (trapezoids)."""
    return np.concatenate(([0.0], np.cumsum((values[1:] + values[:-1]) / 2 * STEP_S)))


def patlak(plasma, vp, ki):
    """Plasma that follows the artery, and uptake from which nothing comes back."""
    return vp * plasma + ki / 60.0 * area(plasma)


def extended_tofts(plasma, ktrans, vp, ve):
    """Plasma that follows the artery, and a stirred interstitium."""
    return vp * plasma + one_cell(plasma, ktrans, ve)


def plug_flow(plasma, flow, vp, ps, ve, cells=400):
    """Amount in tissue of a capillary without mixing: fluid cells move one place a step and exchange within each.

    The steps are those of the fluid cells; input and output are read between them.
    """
    step_s = 60.0 * vp / flow / cells
    duration_s = (plasma.size - 1) * STEP_S
    steps = int(duration_s / step_s) + 1
    arriving = np.interp((np.arange(steps) + 0.5) * step_s, np.arange(plasma.size) * STEP_S, plasma)
    half = expm(np.array([[-ps / vp, ps / vp], [ps / ve, -ps / ve]]) / 60.0 * step_s)
    inside, outside, amount = np.zeros(cells), np.zeros(cells), np.zeros(steps + 1)
    for index in range(steps):
        inside = np.concatenate(([arriving[index]], inside[:-1]))
        inside, outside = half[0, 0] * inside + half[0, 1] * outside, half[1, 0] * inside + half[1, 1] * outside
        amount[index + 1] = (vp * inside.sum() + ve * outside.sum()) / cells
    return np.interp(np.arange(plasma.size) * STEP_S, np.arange(steps + 1) * step_s, amount)


def fermi(plasma, flow, width_s, steepness):
    """Convolution with a Fermi function that has fallen to one half after its width (trapezoids by FFT)."""
    time_s = np.arange(plasma.size) * STEP_S
    rate = np.log(np.exp(steepness) + 2.0) / width_s
    shape = (1.0 + np.exp(-steepness)) / (1.0 + np.exp(np.minimum(rate * time_s - steepness, 500.0)))
    length = 2 * plasma.size
    full = np.fft.irfft(np.fft.rfft(plasma, length) * np.fft.rfft(shape, length), length)[: plasma.size]
    return flow / 60.0 * STEP_S * (full - 0.5 * (plasma[0] * shape + plasma * shape[0]))


def at_frames(time_s, amount, delay_s=0.0):
    """Read an amount at the steps at the times of frames, later by a delay."""
    return np.interp(np.asarray(time_s) - delay_s, np.arange(amount.size) * STEP_S, amount, left=0.0)
