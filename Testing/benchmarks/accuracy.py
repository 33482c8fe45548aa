"""How right the fits are: python Testing/benchmarks/accuracy.py prints the table of Documentation/kinetics.md."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).parent))

from curves import btex_population, btex_residue, fermi_population, fermi_residue, noisy

from QPerfusionLogic.kinetics.base.arterial_curve import ArterialCurve, convolution_operator, residue_grid
from QPerfusionLogic.kinetics.models.registry import model_class
from QPerfusionLogic.kinetics.solver.engine import FEW_CURVES
from QPerfusionLogic.settings.schema import KineticsSettings

COUNT, NOISY_COUNT, GLOBAL_COUNT = 1000, 4000, 400
CAPILLARIES, CAPILLARY_STARTS = 100, 8
BOX = {"vp": (0.02, 0.2), "ps": (0.1, 8.0), "ve": (0.05, 0.8)}


def fit(name, time_s, aif, curves, **settings):
    """Fit curves with the arterial input taken as plasma."""
    wanted = KineticsSettings(model=name, input="plasma", **settings)
    return model_class(name)(aif, time_s, settings=wanted).fit(curves)


def noise_free():
    """Print flow errors without noise, the delay unknown."""
    rng = np.random.default_rng(1)
    for name, population, limit in (("fermi", fermi_population, 0.01), ("btex", btex_population, 0.05)):
        time_s, aif, curves, flow, _ = population(COUNT, rng)
        error = np.abs(fit(name, time_s, aif, curves, starts=6).mbf_ml_min_g / flow - 1)
        inside = np.mean(error <= limit)
        print(f"noise-free {name}: median |error| {np.median(error):.3%}, within {limit:.0%}: {inside:.2%} of {COUNT}")


def with_noise():
    """Print bias and spread at CNR 20."""
    rng = np.random.default_rng(2)
    cases = (
        ("fermi", fermi_population, None, "marginalised", False),
        ("fermi", fermi_population, 0.75, "shared", False),
        ("btex", btex_population, None, "marginalised", False),
        ("btex", btex_population, 0.75, "shared", True),
        ("btex", btex_population, 0.75, 0.75, True),
    )
    for name, population, true_delay, delay, priors in cases:
        time_s, aif, curves, flow, _ = population(NOISY_COUNT, rng, true_delay)
        result = fit(
            name,
            time_s,
            aif,
            noisy(curves, rng),
            delay=delay,
            priors="population" if priors else "none",
            prior_scope="pixels",
        )
        error = result.mbf_ml_min_g / flow - 1
        told = np.nanmedian(result.standard_error / flow)
        truth = "0 to 2 s" if true_delay is None else f"{true_delay} s"
        print(
            f"CNR 20 {name}, true delay {truth}, delay {delay}, priors {priors}: "
            f"median {np.nanmedian(error):+.2%}, mean {np.nanmean(error):+.2%}, SD {np.nanstd(error):.1%}, "
            f"reported {told:.1%}, no number {np.isnan(error).sum()}"
        )


def convolution(time_s, aif, inside):
    """Return a grid of lags and the operator from residues on it to curves in the window, for a delay of 0.5 s."""
    grid_s = residue_grid(float(time_s[-1]) + 1.0)
    return grid_s, convolution_operator(ArterialCurve(time_s, aif), time_s - 0.5, grid_s)[inside] / 60.0


def against_a_global_solver():
    """Print how often the squared error of Fermi fits is within 1e-3 of the best of twenty scipy runs."""
    rng = np.random.default_rng(3)
    time_s, aif, curves, _, _ = fermi_population(GLOBAL_COUNT, rng, 0.5)
    data = noisy(curves, rng)
    model = model_class("fermi")(aif, time_s, settings=KineticsSettings(model="fermi", delay=0.5))
    rms = model.fit(data).result.parameters["rms"]
    inside = model.window
    grid_s, operator = convolution(time_s, aif, inside)
    low, high = model.layout.low, model.layout.high
    good = 0
    for curve, ours in zip(data[:, inside], rms, strict=True):

        def residual(x, curve=curve):
            rate = np.log(np.exp(x[2]) + 2.0) / np.exp(x[1])
            return np.exp(x[0]) * (operator @ fermi_residue(grid_s, rate, x[2] / rate)) - curve

        best = min(
            least_squares(residual, rng.uniform(low, high) * 0.5 + 0.25 * (low + high), bounds=(low, high)).cost
            for _ in range(20)
        )
        good += ours**2 * inside.sum() / 2 <= best * 1.001
    print(f"squared error within 1e-3 of the best of 20 scipy runs: {good} of {GLOBAL_COUNT} Fermi curves at CNR 20")


def capillaries_against_a_global_solver():
    """Print the same for plug-flow capillaries inside hard ranges, fitted as a few curves and as pixels are."""
    rng = np.random.default_rng(4)
    time_s, aif, curves, _, _ = btex_population(CAPILLARIES, rng, 0.5)
    data = noisy(curves, rng)
    settings = KineticsSettings(model="btex", input="plasma", delay=0.5, bounds=BOX)
    copies = -(-FEW_CURVES // CAPILLARIES) + 1
    model = model_class("btex")(aif, time_s, settings=settings)
    few, many = (model.fit(np.tile(data, (n, 1))).result.parameters["rms"][:CAPILLARIES] for n in (1, copies))
    inside = model.window
    grid_s, operator = convolution(time_s, aif, inside)
    low, high = np.log(np.array([(0.05, 12.0), *BOX.values()])).T
    best = []
    for curve in data[:, inside]:

        def residual(x, curve=curve):
            flow, vp, ps, ve = np.exp(x)
            return flow * (operator @ btex_residue(grid_s, flow, vp, ps, ve)) - curve

        starts = rng.uniform(low, high, (CAPILLARY_STARTS, 4))
        best.append(min(least_squares(residual, start, bounds=(low, high)).cost for start in starts))
    for name, rms in (("few curves", few), ("pixels", many)):
        excess = rms**2 * inside.sum() / 2 / np.array(best) - 1.0
        print(
            f"btex, fitted as {name}: squared error within 1e-3 of the best of {CAPILLARY_STARTS} scipy runs: "
            f"{(excess <= 1e-3).sum()} of {CAPILLARIES}, within 1e-2: {(excess <= 1e-2).sum()}, CNR 20",
            flush=True,
        )


def pixels_against_few_curves():
    """Print how far flow and squared error of pixels, whose fits end earlier, are from those of the same few curves."""
    rng = np.random.default_rng(4)
    time_s, aif, curves, flow, _ = btex_population(GLOBAL_COUNT, rng, 0.5)
    data = noisy(curves, rng)
    copies = -(-FEW_CURVES // GLOBAL_COUNT)
    few, many = (fit("btex", time_s, aif, np.tile(data, (n, 1)), delay=0.5) for n in (1, copies))
    one, other = few.mbf_ml_min_g, many.mbf_ml_min_g[:GLOBAL_COUNT]
    deviation = np.abs(other / one - 1.0)
    excess = (many.result.parameters["rms"][:GLOBAL_COUNT] / few.result.parameters["rms"]) ** 2 - 1.0
    close, near = (float((excess <= limit).mean()) for limit in (1e-3, 1e-2))
    spread = (float(np.nanstd(each / flow)) for each in (one, other))
    middle, far = np.nanmedian(deviation), np.nanquantile(deviation, 0.95)
    print(f"btex pixels against few curves: flow differs by {middle:.2%} (median), {far:.2%} (95 %)")
    print(f"  squared error within 1e-3 in {close:.0%}, within 1e-2 in {near:.0%}")
    print("  SD of the flow error, few and pixels: " + ", ".join(f"{value:.2%}" for value in spread))


if __name__ == "__main__":
    noise_free()
    with_noise()
    against_a_global_solver()
    capillaries_against_a_global_solver()
    pixels_against_few_curves()
