"""Quantifies one state of a digital patient in every configuration of an evaluation, each stage computed once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from QPerfusionLogic.aif.logic import AifCorrectionLogic
from QPerfusionLogic.conversion.logic import ConversionLogic
from QPerfusionLogic.data.results import ArterialInput, Concentration, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.phantom.simulation.simulated import StateTruth
from QPerfusionLogic.pipeline.flow_mapping import map_flow
from QPerfusionLogic.registration.logic import RegistrationLogic
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import Settings

from .configurations import CNR, Configuration
from .truth_stages import (
    at_reference_position,
    true_concentration,
    true_input,
    true_segmentation,
    truly_registered,
    truly_segmented,
)


class StateStages:
    """The stages of one state, from images or from the truth as a configuration asks.

    Parameters
    ----------
    study : PerfusionStudy
        As the scanner gives it.
    truth : StateTruth
        Of the state.
    settings : Settings
        What the configurations start from.
    hematocrit : float
        The patient's own.
    seed : int
        Of the noise that is added to true gadolinium.
    """

    def __init__(
        self, study: PerfusionStudy, truth: StateTruth, settings: Settings, hematocrit: float, seed: int
    ) -> None:
        self._study, self._truth, self._settings = study, truth, settings
        self._hematocrit, self._seed = hematocrit, seed
        self._found: dict[Hashable, Any] = {}

    def run(self, configuration: Configuration) -> StateResult:
        """Return the state quantified as the configuration says, after kinetics.

        Raises
        ------
        QPerfusionError
            When the data do not allow what the configuration asks for.
        """
        settings = self._settings
        for name, value in configuration.settings:
            settings = settings.with_value(name, value)
        state = StateResult(self._truth.state, self._acquisition(configuration))
        state = dataclasses.replace(
            state, registered=self._registered(configuration, settings, state.acquisition.tissue)
        )
        state = dataclasses.replace(state, segmented=self._segmented(configuration, settings, state))
        state = dataclasses.replace(state, arterial_input=self._estimated_input(configuration, settings, state))
        state = dataclasses.replace(state, concentration=self._concentration(configuration, settings, state))
        state = dataclasses.replace(state, arterial_input=self._arterial_input(configuration, state))
        kinetics = settings.kinetics
        if configuration.true_hematocrit:
            kinetics = dataclasses.replace(kinetics, hematocrit=self._hematocrit)
        return dataclasses.replace(state, mapped=map_flow(state, kinetics))

    def _acquisition(self, configuration: Configuration) -> Acquisition:
        acquisition = self._study.acquisition(self._truth.state)
        if not configuration.dose:
            acquisition = _without_dose(acquisition)
        return acquisition if configuration.proton_density else _without_proton_density(acquisition)

    def _registered(self, configuration: Configuration, settings: Settings, series: PerfusionSeries) -> Registered:
        key = (configuration.proton_density, settings.registration)
        if not configuration.registration:
            return self._once(("true registration", *key), lambda: truly_registered(series, self._truth))
        logic = RegistrationLogic(settings.registration)
        found: Registered = self._once(("registration", *key), lambda: logic.run(series))
        if configuration.contours:
            return found
        return self._once(("at reference", *key), lambda: at_reference_position(found, series, self._truth))

    def _segmented(self, configuration: Configuration, settings: Settings, state: StateResult) -> Segmented:
        registered = state.registered
        assert registered is not None
        if configuration.arterial_input == "truth" and configuration.gadolinium != "images":
            return true_segmentation(self._truth)
        key = (configuration.registration, configuration.contours, settings.registration, settings.segmentation)
        if configuration.contours:
            return self._once(("contours", *key), lambda: SegmentationLogic(settings.segmentation).run(registered))
        return self._once(
            ("true contours", *key), lambda: truly_segmented(registered, self._truth, settings.segmentation)
        )

    def _estimated_input(
        self, configuration: Configuration, settings: Settings, state: StateResult
    ) -> ArterialInput | None:
        """Return the input as the images give it; conversion needs what it says about the state before contrast."""
        if configuration.arterial_input == "uncorrected" or (
            configuration.arterial_input == "truth" and configuration.gadolinium != "images"
        ):
            return None
        logic = AifCorrectionLogic(settings.aif, settings.conversion, settings.segmentation.aif_percentile)
        return self._once(
            (
                "input",
                configuration.registration,
                configuration.contours,
                configuration.proton_density,
                configuration.dose,
                *_before_kinetics(settings),
            ),
            lambda: logic.run(state),
        )

    def _concentration(self, configuration: Configuration, settings: Settings, state: StateResult) -> Concentration:
        if configuration.gadolinium != "images":
            cnr = CNR if configuration.gadolinium == "noisy truth" else np.inf
            random = np.random.default_rng([self._seed, 5, len(str(self._truth.state))])
            return self._once(("true gadolinium", cnr), lambda: true_concentration(self._truth, cnr, random))
        t1_map = self._study.t1_map if configuration.t1_map else None
        logic = ConversionLogic(settings.conversion)
        key = (
            configuration.registration,
            configuration.contours,
            configuration.t1_map,
            configuration.proton_density,
            configuration.dose,
        )
        return self._once(("gadolinium", *key, *_before_kinetics(settings)), lambda: logic.run(state, t1_map))

    def _arterial_input(self, configuration: Configuration, state: StateResult) -> ArterialInput:
        if configuration.arterial_input == "truth":
            return true_input(self._truth, state.arterial_input)
        if configuration.arterial_input == "uncorrected":
            return _uncorrected(state)
        assert state.arterial_input is not None
        return state.arterial_input

    def _once(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        if key not in self._found:
            self._found[key] = compute()
        return self._found[key]


def _without_proton_density(acquisition: Acquisition) -> Acquisition:
    series = {
        name: dataclasses.replace(found, proton_density=None)
        for name in ("tissue", "aif_series", "pre_bolus")
        if (found := getattr(acquisition, name)) is not None
    }
    return dataclasses.replace(acquisition, **series)


def _without_dose(acquisition: Acquisition) -> Acquisition:
    tissue = acquisition.tissue
    protocol = dataclasses.replace(tissue.protocol, dose_mmol_kg=None)
    return dataclasses.replace(acquisition, tissue=dataclasses.replace(tissue, protocol=protocol))


def _before_kinetics(settings: Settings) -> tuple[Hashable, ...]:
    return settings.registration, settings.segmentation, settings.aif, settings.conversion


def _uncorrected(state: StateResult) -> ArterialInput:
    """Return the saturated blood curve of the tissue series, converted like the tissue and not corrected."""
    segmented, concentration, registered = state.segmented, state.concentration, state.registered
    assert segmented is not None
    assert concentration is not None
    assert registered is not None
    index = int(np.argmax(segmented.aif_region.sum(axis=(1, 2))))
    kept = registered.kept[:, index]
    curve = np.nanmean(concentration.gd_mmol_l[kept, index][:, segmented.aif_region[index]], axis=1).astype(float)
    return ArterialInput(concentration.time_s[kept, index], curve, curve, curve, mode="uncorrected")
