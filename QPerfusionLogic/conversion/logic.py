"""Entry point of the conversion stage: a registered, segmented series in, gadolinium in every pixel out."""

from __future__ import annotations

import dataclasses

from QPerfusionLogic.data.results import Concentration, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import ConversionSettings

from .calibration import precontrast_of
from .concentration import keep_as_is
from .look_up import convert_by_look_up
from .relative_enhancement import convert_by_relative_enhancement

STAGE = "conversion"


class ConversionLogic:
    """Turn the signal of a registered series into gadolinium.

    Parameters
    ----------
    settings : ConversionSettings
        Mode, normalisation and constants; what is None comes from the header, then from the tables.
    """

    def __init__(self, settings: ConversionSettings) -> None:
        self.settings = settings

    def run(self, state: StateResult, t1_map: T1Map | None = None, progress: Progress | None = None) -> Concentration:
        """Return gadolinium (frames, slices, rows, columns) with its baseline at 0.

        Parameters
        ----------
        state : StateResult
            With `registered` and `segmented` of the tissue series; what `arterial_input` learnt about the state before
            contrast (saturation efficiency, residual gadolinium) is used where it is there.
        t1_map : T1Map, optional
            Native T1; without it the table's values are used per tissue, and a notice reports it.
        """
        progress = progress or Progress()
        registered, segmented = found_stages(state)
        progress.update(0.0, "converting signal to gadolinium")
        if self.settings.mode == "concentration" or registered.series.quantity is Quantity.GADOLINIUM:
            result = keep_as_is(registered, self.settings)
        elif self.settings.mode == "relative_enhancement":
            result = convert_by_relative_enhancement(registered, segmented, self.settings, progress)
        else:
            precontrast = precontrast_of(state, self.settings)
            result = convert_by_look_up(registered, segmented, t1_map, precontrast, progress)
        progress.update(1.0, "converted")
        notices = tuple(
            dataclasses.replace(notice, stage=notice.stage or STAGE, state=str(state.state))
            for notice in result.notices
        )
        return dataclasses.replace(result, notices=notices)


def found_stages(state: StateResult) -> tuple[Registered, Segmented]:
    """Return the stages that this one needs; KeyError when the pipeline called it too early."""
    if state.registered is None or state.segmented is None:
        raise KeyError("registration and segmentation come before conversion")
    return state.registered, state.segmented
