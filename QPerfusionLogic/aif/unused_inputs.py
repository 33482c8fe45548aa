"""Arterial inputs that a study holds and its settings do not use: refused where the user gave them, else reported."""

from __future__ import annotations

from collections.abc import Collection

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import Settings

from .methods.aif_method import AifMethod, aif_methods


def refuse_unused(study: PerfusionStudy, settings: Settings, given: Collection[str]) -> None:
    """Raise `InputError` where a run would ignore an arterial input or T1 map that the user gave.

    Parameters
    ----------
    given : collection of str
        Fields of `StudyRequest` that the user named. Series found in a study folder are not among them.

    Raises
    ------
    InputError
        With the setting that uses what was given.
    """
    for state in study.states:
        acquisition = study.acquisition(state)
        for method in _unused(acquisition, settings.aif.mode):
            fields = {name for field in method.given_as for name in (field, f"{state}_{field}")}
            if fields & set(given) and not settings.aif.compare:
                _refuse(str(state), method, _used(acquisition, settings.aif.mode))
    if "t1_map" in given and settings.conversion.mode != "look_up_table":
        raise InputError(
            f"a T1 map with conversion.mode={settings.conversion.mode}, which does not use it",
            expected="conversion.mode=look_up_table",
            action="leave out the T1 map, or change the mode",
            option="--t1-map",
        )


def unused_notices(acquisition: Acquisition, method: str) -> tuple[Notice, ...]:
    """Return a notice for each arterial input of one state that the method at work does not use."""
    return tuple(
        Notice.of(
            code="aif-input-not-used",
            message=f"the {held.input_name} was not used: the arterial input was found by {method}",
            action="leave aif.mode at automatic to use the curve" if held.reads_gadolinium else "",
            severity=Severity.SERIOUS if held.reads_gadolinium else Severity.NOTE,
        )
        for held in _held(acquisition)
        if held.name != method
    )


def _refuse(state: str, method: AifMethod, used: str) -> None:
    is_curve = method.reads_gadolinium
    action = "leave aif.mode at automatic" if is_curve else f"set the AIF method to {method.name}"
    raise InputError(
        f"the {method.input_name} of {state} with aif.mode={used}, which does not use it",
        expected="inputs that the arterial input is made of",
        action=f"{action}, leave the {method.input_name} out, or compare all methods",
        option=f"--set aif.mode={'automatic' if is_curve else method.name}, or --compare-aif",
    )


def _held(acquisition: Acquisition) -> tuple[AifMethod, ...]:
    """Return the methods whose own input a state has, in the order in which `automatic` prefers them."""
    return tuple(method for method in aif_methods().values() if method.is_held(acquisition))


def _used(acquisition: Acquisition, mode: str) -> str:
    held = _held(acquisition)
    return held[0].name if mode == "automatic" and held else mode


def _unused(acquisition: Acquisition, mode: str) -> tuple[AifMethod, ...]:
    return tuple(method for method in _held(acquisition) if method.name != _used(acquisition, mode))
