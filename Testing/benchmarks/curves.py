"""Curves with known flow for the benchmarks, made by dense convolution without the code under test."""

from __future__ import annotations

import numpy as np
from scipy.special import chndtr

FRAMES, FRAME_S, STEP_S = 60, 0.5, 0.01


def arterial_input():
    """Return frame times and an arterial input with first pass, recirculation and tail."""
    time_s = np.arange(FRAMES) * FRAME_S
    late, later = np.maximum(time_s - 5.0, 0), np.maximum(time_s - 13.0, 0)
    return time_s, 1.2 * late**2 * np.exp(-late / 1.7) + 0.5 * (1 - np.exp(-later / 4.0))


def fermi_residue(time_s, rate, t0_s):
    """Return the Fermi residue."""
    return (1 + np.exp(-rate * t0_s)) / (1 + np.exp(np.minimum(rate * (time_s - t0_s), 500)))


def btex_residue(time_s, flow, vp, ps, ve):
    """Return the plug-flow residue."""
    elapsed = time_s - 60.0 * vp / flow
    tail = chndtr(2 * ps / flow, 2, 2 * np.maximum(elapsed, 0) * ps / ve / 60.0)
    return np.where(elapsed < 0, 1.0, tail)


def tissue(time_s, aif, residues, flows, delays_s):
    """Return flow times the arterial input convolved with each residue (callable), read with a delay."""
    fine_s = np.arange(0.0, time_s[-1] + 2.0, STEP_S)
    spectrum = np.fft.rfft(np.interp(fine_s, time_s, aif), 2 * fine_s.size)
    start = np.interp(fine_s, time_s, aif)
    curves = []
    for residue, flow, delay in zip(residues, flows, delays_s, strict=True):
        shape = residue(fine_s)
        full = np.fft.irfft(spectrum * np.fft.rfft(shape, 2 * fine_s.size))[: fine_s.size]
        full = (full - 0.5 * (start[0] * shape + start * shape[0])) * STEP_S
        curves.append(flow / 60.0 * np.interp(time_s - delay, fine_s, full, left=0.0))
    return np.array(curves)


def fermi_population(count, rng, delay_s=None):
    """Return times, input, curves, flows and delays of Fermi curves."""
    time_s, aif = arterial_input()
    flow, rate, t0 = np.exp(rng.normal(np.log(1.5), 0.5, count)), rng.uniform(0.2, 0.8, count), rng.uniform(1, 8, count)
    delay = rng.uniform(0, 2, count) if delay_s is None else np.full(count, delay_s)
    residues = [lambda u, i=i: fermi_residue(u, rate[i], t0[i]) for i in range(count)]
    return time_s, aif, tissue(time_s, aif, residues, flow, delay), flow, delay


def btex_population(count, rng, delay_s=None):
    """Return times, input, curves, plasma flows and delays of plug-flow curves, volumes drawn from the priors."""
    time_s, aif = arterial_input()
    flow = np.exp(rng.normal(np.log(0.9), 0.5, count))
    vp = np.exp(rng.normal(np.log(np.sqrt(0.05 * 0.10)), np.log(2.0) / 3.92, count))
    ps = np.exp(rng.normal(np.log(np.sqrt(0.35 * 4.0)), np.log(4.0 / 0.35) / 3.92, count))
    ve = np.exp(rng.normal(np.log(np.sqrt(0.1 * 0.475)), np.log(4.75) / 3.92, count))
    delay = rng.uniform(0, 2, count) if delay_s is None else np.full(count, delay_s)
    residues = [lambda u, i=i: btex_residue(u, flow[i], vp[i], ps[i], ve[i]) for i in range(count)]
    return time_s, aif, tissue(time_s, aif, residues, flow, delay), flow, delay


def noisy(curves, rng, contrast_to_noise=20.0):
    """Return curves with white noise, their peak being `contrast_to_noise` times its standard deviation."""
    return curves + rng.normal(size=curves.shape) * curves.max(axis=1, keepdims=True) / contrast_to_noise
