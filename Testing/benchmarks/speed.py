"""How fast the fits are: python Testing/benchmarks/speed.py prints CPU time per pixel beside scipy, lmfit and dcmri.

Everything runs in one process on one thread and is measured in CPU time, tables included, after one warm call; the
fewest seconds of three turns count, for us and for curve_fit.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

sys.path.insert(0, str(Path(__file__).parent))

from curves import btex_population, btex_residue, fermi_population, fermi_residue, noisy

from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.settings.schema import KineticsSettings

PIXELS, TRUTHS, PEER_PIXELS, TURNS = 20_000, 500, 24, 3
UPSAMPLING = 4


def cpu_of(work, turns=1):
    """Return the CPU seconds of a call, the fewest of some turns."""
    seconds = []
    for _ in range(turns):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def forward(time_s, aif, residue):
    """Return the upsampled convolution that peers fit: f(t, flow, delay, *shape)."""
    fine_s = np.arange(0.0, time_s[-1] + 1e-9, (time_s[1] - time_s[0]) / UPSAMPLING)
    arterial = np.interp(fine_s, time_s, aif)

    def model(_, flow, delay, *shape):
        tissue = np.convolve(arterial, residue(fine_s, flow, *shape))[: fine_s.size] * (fine_s[1] - fine_s[0])
        return flow / 60.0 * np.interp(time_s - delay, fine_s, tissue, left=0.0)

    return model


def peers(name, time_s, aif, curves):
    """Return CPU seconds per pixel of the peers, None where a package is not installed."""
    if name == "fermi":
        model = forward(time_s, aif, lambda u, flow, rate, t0: fermi_residue(u, rate, t0))
        start, low, high = (1.0, 0.5, 0.4, 4.0), (0.01, 0.0, 0.01, 0.0), (8.0, 3.0, 3.0, 20.0)
    else:
        model = forward(time_s, aif, btex_residue)
        start, low, high = (1.0, 0.5, 0.07, 1.2, 0.22), (0.05, 0.0, 0.02, 0.1, 0.05), (8.0, 3.0, 0.2, 8.0, 0.8)

    def bounded():
        for curve in curves:
            try:
                curve_fit(model, time_s, curve, start, bounds=(low, high))
            except RuntimeError:
                continue

    def unbounded():
        for curve in curves:
            try:
                curve_fit(model, time_s, curve, start, method="lm")
            except RuntimeError:
                continue

    def with_lmfit():
        import lmfit

        parameters = lmfit.Parameters()
        for index, (value, least, most) in enumerate(zip(start, low, high, strict=True)):
            parameters.add(f"p{index}", value, min=least, max=most)
        for curve in curves:
            lmfit.minimize(lambda p, z=curve: model(time_s, *p.valuesdict().values()) - z, parameters)

    with np.errstate(all="ignore"):
        found = {"curve_fit, bounded": cpu_of(bounded, TURNS), "curve_fit, lm": cpu_of(unbounded, TURNS)}
        found["lmfit"] = cpu_of(with_lmfit) if importlib.util.find_spec("lmfit") else None
    return {key: None if seconds is None else seconds / len(curves) for key, seconds in found.items()}


def report(name, population):
    """Print CPU time per pixel of one model, for each way with the delay, and how many times faster than each peer."""
    rng = np.random.default_rng(0)
    time_s, aif, truths, _, _ = population(TRUTHS, rng)
    curves = noisy(truths[rng.integers(0, TRUTHS, PIXELS)], rng)
    theirs = peers(name, time_s, aif, curves[:PEER_PIXELS])
    for delay in ("marginalised", 0.5):
        settings = KineticsSettings(model=name, input="plasma", delay=delay)

        def work(settings=settings):
            model_class(name)(aif, time_s, settings=settings).fit(curves)

        work()
        ours = cpu_of(work, TURNS) / PIXELS
        print(f"{name}, delay {delay}: {ours * 1e6:.1f} us a pixel, {2 * PIXELS * ours:.2f} s for stress and rest")
        for peer, seconds in theirs.items():
            if seconds is None:
                print(f"  {peer}: not installed")
            else:
                print(f"  {peer}: {seconds * 1e6:.0f} us a pixel, {seconds / ours:.0f} times as long")


def dcmri_two_compartments():
    """Print the CPU time per pixel of dcmri's two-compartment exchange model where it is installed.

    It fits signals and takes their baseline for S0, so gadolinium (mmol/L) is given as the signal of a steady state,
    and the plasma input as the blood that dcmri makes its plasma from.
    """
    if importlib.util.find_spec("dcmri") is None:
        print("dcmri: not installed")
        return
    import dcmri

    time_s, aif, truths, _, _ = btex_population(PEER_PIXELS, np.random.default_rng(0))

    def work():
        for curve in truths:
            tissue = dcmri.Tissue(kinetics="2CX", sequence="SS", ca=0.55e-3 * aif, t=time_s, H=0.45, n0=4)
            rate = tissue.R10 + 1e-3 * tissue.r1 * curve
            tissue.train(time_s, dcmri.signal_ss(1.0, rate, tissue.TR, tissue.FA))

    print(f"dcmri two-compartment exchange: {cpu_of(work) / PEER_PIXELS * 1e6:.0f} us a pixel")


def cost_curves(name, population):
    """Print CPU time of one fit against the number of pixels and of frames, table included."""
    rng = np.random.default_rng(0)
    time_s, aif, truths, _, _ = population(TRUTHS, rng)
    settings = KineticsSettings(model=name, input="plasma")
    for pixels, frames in ((2_500, 60), (5_000, 60), (10_000, 60), (20_000, 60), (10_000, 30), (10_000, 120)):
        times = np.linspace(time_s[0], time_s[-1], frames)
        sampled = np.array([np.interp(times, time_s, truth) for truth in truths])
        curves = noisy(sampled[rng.integers(0, TRUTHS, pixels)], rng)
        model = model_class(name)(np.interp(times, time_s, aif), times, settings=settings)
        print(
            f"{name}, {pixels} pixels, {frames} frames: {cpu_of(lambda m=model, c=curves: m.fit(c)):.2f} s CPU",
            flush=True,
        )


if __name__ == "__main__":
    report("fermi", fermi_population)
    report("btex", btex_population)
    cost_curves("fermi", fermi_population)
    cost_curves("btex", btex_population)
    dcmri_two_compartments()
