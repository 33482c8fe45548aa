"""Arterial inputs that a study holds and its settings do not use: refused where the user gave them, else reported."""

from __future__ import annotations

from collections.abc import Collection

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.study import Acquisition, PerfusionStudy
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.settings.schema import Settings

PREFERRED = ("curve", "dual_sequence", "dual_bolus")
"""What `aif.mode=automatic` takes first, second and third."""
WHAT = {"curve": "arterial input curve", "dual_sequence": "AIF series", "dual_bolus": "pre-bolus series"}


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
        names = {f"{state}_aif": ("curve", "dual_sequence"), f"{state}_pre_bolus": ("dual_bolus",)}
        names["pre_bolus"] = ("dual_bolus",)
        named = {method for name in given for method in names.get(name, ())}
        for method in _unused(acquisition, settings.aif.mode):
            if method in named and not settings.aif.compare:
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
        Notice(
            code="aif-input-not-used",
            message=f"the {WHAT[name]} was not used: the arterial input was found by {method}",
            action="leave aif.mode at automatic to use the curve" if name == "curve" else "",
            severity=Severity.SERIOUS if name == "curve" else Severity.NOTE,
        )
        for name in _held(acquisition)
        if name != method
    )


def _refuse(state: str, method: str, used: str) -> None:
    action = "leave aif.mode at automatic" if method == "curve" else f"set the AIF method to {method}"
    raise InputError(
        f"the {WHAT[method]} of {state} with aif.mode={used}, which does not use it",
        expected="inputs that the arterial input is made of",
        action=f"{action}, leave the {WHAT[method]} out, or compare all methods",
        option=f"--set aif.mode={'automatic' if method == 'curve' else method}, or --compare-aif",
    )


def _held(acquisition: Acquisition) -> tuple[str, ...]:
    parts = (acquisition.aif_curve, acquisition.aif_series, acquisition.pre_bolus)
    return tuple(name for name, part in zip(PREFERRED, parts, strict=True) if part is not None)


def _used(acquisition: Acquisition, mode: str) -> str:
    held = _held(acquisition)
    return held[0] if mode == "automatic" and held else mode


def _unused(acquisition: Acquisition, mode: str) -> tuple[str, ...]:
    return tuple(name for name in _held(acquisition) if name != _used(acquisition, mode))
