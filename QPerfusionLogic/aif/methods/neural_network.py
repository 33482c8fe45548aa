"""Method "neural_network": networks that undo the saturation of the tissue series' own blood curve."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.aif.correction.signal_inversion import linear_signal
from QPerfusionLogic.aif.curves.blood_curve import BloodCurve
from QPerfusionLogic.aif.curves.bolus_alignment import explained_misfit
from QPerfusionLogic.aif.curves.saturated_peak import guessed_peak
from QPerfusionLogic.aif.curves.saturated_shape import ANY_SATURATION
from QPerfusionLogic.aif.networks.curve_input import INTERVAL_S, LEAD_S, LOSS_UNIT, RESIDUAL_UNIT_MMOL_L, SAMPLES
from QPerfusionLogic.aif.scaling.matched_scale import inverted_like
from QPerfusionLogic.data.arrays import BoolArray, FloatArray
from QPerfusionLogic.data.conversion_physics import Precontrast
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError, MissingPackageError, QPerfusionError
from QPerfusionLogic.networks.packages import not_used, require_packages
from QPerfusionLogic.signal_model.physics import SeriesPhysics

from .aif_context import AifContext
from .aif_method import AifMethod
from .tissue_inversion import SignalInversion

PUBLISHED, PUBLISHED_CARD = "published", "AI-AIF (Scannell 2022)"
"""`aif.weights` of the network as published, and how cards of such weights begin."""
LARGEST_MISFIT = 0.06
"""Largest rms difference, as a share of the range, between the measured curve and the found one re-saturated."""
PUBLISHED_REST_BIAS, PUBLISHED_MPR_BIAS = 0.12, -0.30
"""Bias of rest flow (mL/min/g) and of the reserve with AI-AIF (Scannell 2022)."""
COST_OF_INVERSION = (
    "Without proton-density frames the inversion has no scale of its own: on 44 digital patients at stress its flow "
    "puts 88 % of the segments on the right side of 1.35 mL/min/g; the networks, 95 %."
)
"""What the inversion costs; measured in Documentation/models/aif.md."""
ANY_DEPTH = np.geomspace(0.05, 20.0, 60)
"""Relaxivity times saturation time times peak, where the sequence is not known."""


@dataclass(frozen=True)
class Restored:
    """What the networks found: times, gadolinium with band (n,) in mmol/L, state before contrast, name and checksum.

    The published network gives neither band nor state before contrast.
    """

    time_s: FloatArray
    gd_mmol_l: FloatArray
    lower_mmol_l: FloatArray | None
    upper_mmol_l: FloatArray | None
    precontrast: Precontrast | None
    model_name: str
    model_checksum: str


class NeuralNetwork(AifMethod):
    """Networks that undo the saturation of the tissue series' own blood curve."""

    name = "neural_network"
    rank = 5
    reference = "AI-AIF (Scannell 2022)"
    gives_way = True
    uses_network = True

    def curve(self, context: AifContext) -> MethodCurve:
        """Return the blood curve as an ensemble of networks restores it, or the signal inversion where that fails.

        Raises
        ------
        InputError
            When there is no bolus, or the readout is none the networks were trained for.
        MissingPackageError
            When torch is missing.
        QPerfusionError
            When the weights cannot be used.
        """
        require_packages("aif.mode=neural_network", "aif.mode=signal_inversion")
        state, curve, physics = context.state, context.tissue_curve, context.tissue_physics
        if curve.bolus is None:
            raise InputError("no bolus in the left ventricle", action="check the series and the segmentation")
        if physics.sequence.readout != "flash":
            raise InputError(
                "a balanced (bSSFP) readout with aif.mode=neural_network",
                expected="a spoiled gradient echo: the networks were trained on nothing else",
                action="choose another aif.mode",
            )
        expected = context.expected_peak
        weights = context.settings.weights
        published = is_published(weights)
        if published:
            found = published_curve(curve, physics, weights)
        else:
            found = restored_curve(curve, physics, weights, expected.area_mmol_s_l)
        misfit = unexplained(found, curve, physics)
        if misfit > LARGEST_MISFIT and not published:
            fallback = SignalInversion().curve(context)
            return dataclasses.replace(fallback, notices=(_uncertain(misfit), *fallback.notices))
        measured = np.interp(found.time_s, curve.time_s, curve.signal)
        return MethodCurve(
            time_s=found.time_s,
            measured=measured,
            corrected=linear_signal(found.gd_mmol_l, curve.baseline, physics),
            gd_mmol_l=found.gd_mmol_l,
            mode=self.name,
            normalisation="published_network" if published else self.name,
            constants={
                **physics.constants,
                "aif network": found.model_name,
                **expected.constants,
            },
            notices=(
                *physics.notices,
                _by_published(found, misfit) if published else _by_network(found),
                *guessed_peak(curve, "the networks put"),
                *published_limits(state.state),
            ),
            lower_mmol_l=found.lower_mmol_l,
            upper_mmol_l=found.upper_mmol_l,
            model_name=found.model_name,
            model_checksum=found.model_checksum,
            precontrast=found.precontrast,
        )

    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes it: the networks were made for spoiled readouts without proton density."""
        series = context.state.acquisition.tissue
        if series.proton_density is not None or series.protocol.sequence == "bssfp":
            return ""
        return "there is neither curve, AIF series, pre-bolus nor proton density"

    def may_give_way(self, context: AifContext, error: QPerfusionError) -> bool:
        """Return False where the user's own weights are at fault."""
        return not context.settings.weights or isinstance(error, MissingPackageError)

    def replaced(self, error: QPerfusionError) -> Notice:
        """Return the notice that the inversion took the place of the networks, with what that costs."""
        instead = "The saturated tissue series was inverted for the arterial input, which networks would have restored"
        return not_used(error, instead, COST_OF_INVERSION, "aif")


def restored_curve(
    curve: BloodCurve, physics: SeriesPhysics, weights: str = "", area_mmol_s_l: float = float("nan")
) -> Restored:
    """Return what the networks make of a saturated blood curve and the first-pass area that its dose lets expect.

    The networks look at 38 s around the arrival; what comes before and after is hardly saturated and is inverted by
    the signal equation, at the scale at which its curve and that of the networks agree best.
    """
    from QPerfusionLogic.aif.networks.ensemble import ensemble_of, restored_by_ensemble

    bolus = curve.bolus
    assert bolus is not None
    ensemble, model = ensemble_of(weights)
    grid, valid, signal = _on_grid(curve, bolus.bolus_arrival_time_s)
    top = float(signal.max())
    density = curve.proton_density / top
    curves, before = restored_by_ensemble(
        ensemble, signal / top, valid.astype(float), nominal_protocol(physics), density, area_mmol_s_l
    )
    curves = curves[:, valid]
    loss, residual = before * (LOSS_UNIT, RESIDUAL_UNIT_MMOL_L)
    whole = _completed(curve, grid[valid], curves, physics)
    return Restored(
        *whole,
        Precontrast(float(1.0 - np.clip(loss, 0.0, 0.15)), float(np.clip(residual, 0.0, 1.5))),
        model.name,
        model.checksum,
    )


def is_published(weights: str) -> bool:
    """Return whether weights are those of the published network: the shipped ones, or a file whose card says it."""
    if weights in ("", PUBLISHED):
        return weights == PUBLISHED
    from QPerfusionLogic.networks.model_files import model_file

    return str(model_file(Path(weights)).card.get("architecture", "")).startswith(PUBLISHED_CARD)


def published_curve(curve: BloodCurve, physics: SeriesPhysics, weights: str = PUBLISHED) -> Restored:
    """Return what the published AI-AIF network makes of a saturated blood curve.

    Its answer is an unsaturated signal, in gadolinium (mmol/L) by the slope of the signal equation near zero. It has no
    band, and knows neither protocol nor dose.

    Source: Scannell 2022.
    """
    from QPerfusionLogic.aif.networks.published_network import published_network, unsaturated_rise

    bolus = curve.bolus
    assert bolus is not None
    network, model = published_network("" if weights == PUBLISHED else weights)
    grid, valid, signal = _on_grid(curve, bolus.bolus_arrival_time_s)
    one = np.ones(1)
    slope = float((linear_signal(one, curve.baseline, physics) - linear_signal(0.0 * one, curve.baseline, physics))[0])
    gadolinium = unsaturated_rise(network, signal)[valid] / slope
    time_s, whole, _, _ = _completed(curve, grid[valid], np.array([gadolinium] * 3), physics)
    return Restored(time_s, whole, None, None, None, model.name, model.checksum)


def _on_grid(curve: BloodCurve, arrival_s: float) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Return the times (64,) that the networks see, where there is data, and the signal there."""
    grid = arrival_s - LEAD_S + np.arange(SAMPLES) * INTERVAL_S
    valid = grid <= curve.time_s[-1]
    return grid, valid, np.where(valid, np.interp(grid, curve.time_s, curve.signal), 0.0)


def unexplained(found: Restored, curve: BloodCurve, physics: SeriesPhysics) -> float:
    """Return the rms difference between the measured curve and the found one seen through the sequence again.

    Where the sequence is not known, that is any saturation: the depth at which the curves agree best.
    """
    gadolinium = np.interp(curve.time_s, found.time_s, np.maximum(found.gd_mmol_l, 0.0))
    if nominal_protocol(physics) is not None:
        return explained_misfit(physics.blood.signal(gadolinium), curve.signal)
    relative = gadolinium / max(float(gadolinium.max()), 1e-12)
    return min(explained_misfit(ANY_SATURATION.saturated(relative, depth), curve.signal) for depth in ANY_DEPTH)


def _completed(
    curve: BloodCurve, grid_s: FloatArray, curves: FloatArray, physics: SeriesPhysics
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return times, gadolinium and band with the frames before and after the grid of the networks."""
    inverted = inverted_like(curve, physics, grid_s, curves[0])
    early, late = curve.time_s < grid_s[0] - 0.1, curve.time_s > grid_s[-1] + 0.1
    time = np.concatenate((curve.time_s[early], grid_s, curve.time_s[late]))
    spread = np.abs(curves[1:, -5:] - curves[0, -5:]).mean(axis=1)
    ends = (inverted, inverted - spread[0], inverted + spread[1])
    whole = [np.concatenate((end[early], values, end[late])) for end, values in zip(ends, curves, strict=True)]
    return time, whole[0], whole[1], whole[2]


def nominal_protocol(physics: SeriesPhysics) -> dict[str, float] | None:
    """Return the protocol as the networks take it; None where decisive values had to be assumed."""
    sequence, tissue = physics.sequence, physics.blood.tissue
    if any(notice.code == "protocol-assumed" and notice.severity is Severity.SERIOUS for notice in physics.notices):
        return None
    return {
        "saturation_time": sequence.saturation_time_s,
        "flip_angle": sequence.flip_angle_deg,
        "repetition_time": sequence.repetition_time_s,
        "pulses": float(sequence.pulses_to_centre),
        "echo_time": sequence.echo_time_s,
        "relaxivity": tissue.r1_l_mmol_s,
        "native_t1": tissue.t1_s,
        "density_flip_deg": sequence.proton_density_flip_deg,
    }


def _by_network(found: Restored) -> Notice:
    peaks = [float(end.max()) for end in (found.lower_mmol_l, found.upper_mmol_l) if end is not None]
    return Notice.of(
        code="aif-by-network",
        message="the arterial input comes from the saturated tissue series through networks trained on digital "
        f"patients ({found.model_name}, checksum {found.model_checksum[:12]}); its peak lies between "
        f"{peaks[0]:.1f} and {peaks[1]:.1f} mmol/L, and flow is uncertain by the same "
        "factor",
        action="acquire a dual-sequence or dual-bolus arterial input where flow values matter",
    )


def _by_published(found: Restored, misfit: float) -> Notice:
    explained = (
        "" if misfit <= LARGEST_MISFIT else f"; it explains the measured curve to {misfit:.0%} of its range only"
    )
    return Notice.of(
        code="aif-by-published-network",
        message=f"the arterial input comes from the AI-AIF network as it was published ({found.model_name}, checksum "
        f"{found.model_checksum[:12]}), which knows neither protocol nor dose and has no band{explained}; on 44 "
        "digital patients at stress flow read 42 % too high with it",
        action="use it for comparison; the default networks err by 7 % there",
    )


def _uncertain(misfit: float) -> Notice:
    return Notice.of(
        code="aif-learned-doubtful",
        message=f"the curve that the networks found does not explain the measured one (rms difference "
        f"{100 * misfit:.0f} % of its range): the signal equation was inverted instead",
        action="compare with the other modes",
    )


def published_limits(state: State) -> tuple[Notice, ...]:
    """Return what was published of arterial inputs by neural networks that are not of stress."""
    if state is State.STRESS:
        return ()
    return (
        Notice.of(
            code="aif-learned-rest",
            message="arterial inputs by neural networks are validated for stress only: published bias "
            f"{PUBLISHED_REST_BIAS:+.2f} mL/min/g at rest and {PUBLISHED_MPR_BIAS:+.2f} of the MPR",
            action="take rest flow and reserve from a dual-sequence or dual-bolus AIF where there is one",
        ),
    )
