"""The part of the panel that shows curve, fit and residual: of a segment, or of the pixel under the cursor."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.pipeline.pixel_request import PixelFit
from QPerfusionLogic.settings.schema import KineticsSettings, Settings
from QPerfusionLogic.translation import _
from QPerfusionLogic.workflow.pixel_fits import PixelFits


class CurvesPart:
    """Shows curves of the study that is looked at.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Gives the application's scene (`scene()`) and logic (`logic()`), calls later
        (`later(ms, function)`) and starts processes (`launch`).
    study : callable
        Returns the study to look at, None when there is none.
    settings : callable
        Returns the settings of the panel, for studies that do not show their own.
    """

    def __init__(self, ui: Any, application: Any, study: Callable[[], Any], settings: Callable[[], Settings]) -> None:
        self._ui = ui
        self._application = application
        self._study = study
        self._settings = settings
        self._fits = PixelFits(application.later, application.launch)
        self._crosshair: Any = None
        self._tag = 0
        self._shown: Any = None
        self._closed = False
        ui.stateBox.addItems(["stress", "rest"])
        ui.layerBox.addItems(["all", "endo", "epi"])
        ui.segmentBox.connect("valueChanged(int)", self.show_segment)
        ui.layerBox.connect("currentIndexChanged(int)", self.show_segment)
        ui.stateBox.connect("currentIndexChanged(int)", self.show_segment)
        ui.aifButton.connect("clicked(bool)", self.show_aif)

    def watch(self) -> None:
        """Follow the cursor of the scene."""
        from QPerfusionLogic.mrml.views.cursor import cursor_event, cursor_of

        self.release()
        self._crosshair = cursor_of(self._application.scene())
        if self._crosshair is not None:
            self._tag = self._crosshair.AddObserver(cursor_event(), self._moved)

    def release(self) -> None:
        """Follow the cursor no longer."""
        if self._crosshair is not None:
            self._crosshair.RemoveObserver(self._tag)
        self._crosshair = None

    def prepare(self) -> None:
        """Get ready to fit pixels, when the cursor is followed."""
        if self._ui.followCheck.checked:
            self._application.later(0, self._prepare)

    def close(self) -> None:
        """End the process that fits pixels."""
        self._closed = True
        self._fits.close()

    def forget(self) -> None:
        """Forget the fits of pixels: the study is another one, or was edited."""
        self._fits.forget()
        self._shown = None

    def show_segment(self) -> None:
        """Show curve, fit and residual of the chosen segment."""
        from QPerfusionLogic.mrml.study.result_charts import show_segment

        study, state = self._study(), self._ui.stateBox.currentText
        chart = study.node("chart:curve", state) if study is not None else None
        if chart is None:
            return
        plots = [study.node(f"plot:curve:{index}", state) for index in range(3)]
        show_segment(chart, plots, self._ui.segmentBox.value, self._ui.layerBox.currentText)
        self._shown = None
        self._show_chart(chart)

    def choose_segment(self, segment: int, layer: str = "all", state: str = "") -> None:
        """Choose a segment in the panel; its curve is shown."""
        self._ui.layerBox.currentText = layer
        if state:
            self._ui.stateBox.currentText = state
        self._ui.segmentBox.value = segment
        self.show_segment()

    def show_aif(self) -> None:
        """Show the arterial input: measured, corrected, population."""
        from QPerfusionLogic.mrml.nodes.plots import widen_for_legend

        study = self._study()
        chart = study.node("chart:aif", self._ui.stateBox.currentText) if study is not None else None
        if chart is not None:
            widen_for_legend(chart)
            self._show_chart(chart)

    def show_pixel(self, pixel: Any) -> None:
        """Show the curve of a pixel at once, and its fit as soon as it is there."""
        from QPerfusionLogic.mrml.views.pixels import request_around, show_curve

        study = self._study()
        if study is None or pixel == self._shown:
            return
        key = (study.name, pixel.state, pixel.slice_index)
        place = (pixel.row, pixel.column)
        fit = self._fits.known(key, place)
        chart = show_curve(self._application.scene(), study, pixel, fit)
        if chart is None:
            return
        self._shown = pixel
        self._show_chart(chart)
        self._ui.pixelLabel.text = self._about(study, pixel, fit)
        request = request_around(study, pixel, self._kinetics_of(study)) if fit is None else None
        if request is not None:
            self._fits.ask(key, request, lambda: self._fitted(key, pixel))

    def _prepare(self) -> None:
        if not self._closed:
            # Where no process can be started the first pixel says why.
            with contextlib.suppress(OSError, QPerfusionError):
                self._fits.prepare()

    def _moved(self, caller: Any, event: Any) -> None:
        """Show what lies under the cursor: a pixel of a map, or a segment of a polar map."""
        from QPerfusionLogic.mrml.views.cursor import place_under
        from QPerfusionLogic.mrml.views.pixels import pixel_at

        study = self._study() if self._ui.followCheck.checked else None
        if study is None:
            return
        place = place_under(caller, State(self._ui.stateBox.currentText))
        if place is None:
            return
        if place.polar_map:
            self._over_polar_map(study.node(f"polar:{place.polar_map}"), place)
            return
        pixel = pixel_at(study, place.state, place.ras)
        if pixel is not None:
            self.show_pixel(pixel)

    def _over_polar_map(self, volume: Any, place: Any) -> None:
        from QPerfusionLogic.mrml.nodes.polar_map_volume import segment_under

        segment = segment_under(volume, place.ras) if volume is not None else 0
        if segment:
            self.choose_segment(segment, "all", str(place.state))

    def _fitted(self, key: Any, pixel: Any) -> None:
        """Show the fit that has arrived, unless the cursor has moved on."""
        from QPerfusionLogic.mrml.views.pixels import show_curve

        study, fit = self._study(), self._fits.known(key, (pixel.row, pixel.column))
        if study is None or pixel != self._shown or fit is None:
            return
        show_curve(self._application.scene(), study, pixel, fit)
        self._ui.pixelLabel.text = self._about(study, pixel, fit)

    def _kinetics_of(self, study: Any) -> KineticsSettings:
        from QPerfusionLogic.mrml.study.used_settings import settings_of

        return (settings_of(study) or self._settings()).kinetics

    def _about(self, study: Any, pixel: Any, fit: PixelFit | None) -> str:
        from QPerfusionLogic.mrml.views.pixels import map_values, segment_at

        values = map_values(study, pixel)
        if fit is not None and math.isnan(values.get("mbf", math.nan)):
            names = {"mbf_ml_min_g": "mbf"}
            values = {names.get(name, name): value for name, value in fit.parameters.items()}
        where = _("{state}, slice {slice}, row {row}, column {column}").format(
            state=str(pixel.state), slice=pixel.slice_index + 1, row=pixel.row, column=pixel.column
        )
        segment = segment_at(study, pixel)
        if segment:
            where += _(", segment {number}").format(number=segment)
        return f"{where}: {_numbers(values)}" + (f" ({fit.error or fit.status})" if fit is not None else " ...")

    def _show_chart(self, chart: Any) -> None:
        logic = self._application.logic()
        if logic.GetSelectionNode().GetActivePlotChartID() == chart.GetID():
            return
        logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
        logic.PropagatePlotChartSelection()


def _numbers(values: dict[str, float]) -> str:
    """Return flow with its error, and how good the fit is.

    Examples
    --------
    >>> _numbers({"mbf": 2.314, "mbf_se": 0.2, "r2": 0.97}), _numbers({})
    ('MBF 2.31 ± 0.20 mL/min/g, R2 0.97', 'no flow')
    """
    flow = values.get("mbf", math.nan)
    if not math.isfinite(flow):
        return "no flow"
    parts = [f"MBF {flow:.2f}"]
    if math.isfinite(values.get("mbf_se", math.nan)):
        parts[0] += f" ± {values['mbf_se']:.2f}"
    parts[0] += " mL/min/g"
    if math.isfinite(values.get("r2", math.nan)):
        parts.append(f"R2 {values['r2']:.2f}")
    return ", ".join(parts)
