"""The part of the panel for frames: their times and where these come from, which are kept, and the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.translation import _

TIME, KEPT = 1, 2
"""Columns that can be edited."""
MakeCell = Callable[[str, str, bool, Any], Any]
"""(text, tool tip, whether it can be edited, whether it is checked or None) -> an item of a table widget."""


class FramesPart:
    """Shows and edits the frames of the result or of an input series.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Shows whether an item is checked (`is_checked(item)`).
    parameters : callable
        Returns the present parameters, None when there are none.
    results : ResultsPart
        Knows the study to look at.
    make_cell : MakeCell
        Makes items of the table.
    """

    def __init__(
        self, ui: Any, application: Any, parameters: Callable[[], Any], results: Any, make_cell: MakeCell
    ) -> None:
        self._ui = ui
        self._application = application
        self._parameters = parameters
        self._results = results
        self._make_cell = make_cell
        self._updating = False
        self._shown: Any = None
        ui.framesOfBox.addItems([_("Result"), _("Input series")])
        ui.framesOfBox.connect("currentIndexChanged(int)", self.update)
        ui.stateBox.connect("currentIndexChanged(int)", self.update)
        ui.framesTable.connect("cellChanged(int,int)", self._edited)
        ui.framesTable.connect("cellClicked(int,int)", lambda row, column: self._go_to(row))
        ui.intervalButton.connect("clicked(bool)", self._set_interval)
        ui.frameSlider.connect("valueChanged(int)", self._go_to)
        ui.playButton.connect("clicked(bool)", self._play)
        ui.motionButton.connect("clicked(bool)", results.show_motion)
        ui.showButton.connect("clicked(bool)", self._follow)

    def update(self) -> None:
        """Show the frames as they are now."""
        from QPerfusionLogic.mrml.study.frames import frame_rows, time_source

        node = self._node()
        rows = frame_rows(node) if node is not None else ()
        source = time_source(node) if node is not None else ""
        if self._updating or (rows, source) == self._shown:
            return
        self._updating = True
        self._shown = (rows, source)
        try:
            self._ui.framesTable.setRowCount(len(rows))
            for index, row in enumerate(rows):
                self._fill(index, row)
            self._ui.frameSlider.maximum = max(len(rows) - 1, 0)
            about = _("{count} frames, times: {source}").format(count=len(rows), source=source)
            self._ui.timeSourceLabel.text = about if rows else _("No frames.")
        finally:
            self._updating = False

    def _fill(self, index: int, row: Any) -> None:
        kept = "" if row.kept in (0.0, 1.0) else _("{share:.0%} of slices").format(share=row.kept)
        has_kept = self._of_result()
        cells = (
            (str(index), False, None),
            (f"{row.time_s:.3f}", True, None),
            (kept, False, row.kept > 0.0 if has_kept else None),
            (row.reason, False, None),
        )
        for column, (content, editable, checked) in enumerate(cells):
            self._ui.framesTable.setItem(index, column, self._make_cell(content, "", editable, checked))

    def _edited(self, row: int, column: int) -> None:
        from QPerfusionLogic.mrml.study.frames import set_frame_kept, set_frame_time

        node = self._node()
        if self._updating or node is None:
            return
        item = self._ui.framesTable.item(row, column)
        if column == TIME:
            self._try(lambda: set_frame_time(node, row, _seconds(item.text())))
        elif column == KEPT and self._of_result():
            self._try(lambda: set_frame_kept(node, row, self._application.is_checked(item)))

    def _set_interval(self) -> None:
        from QPerfusionLogic.mrml.study.frames import set_interval

        node = self._node()
        if node is not None:
            self._try(lambda: set_interval(node, self._ui.intervalBox.value))

    def _try(self, change: Callable[[], None]) -> None:
        """Make a change; one that cannot be is reported and the table shows what was before."""
        self._updating = True
        try:
            change()
            self._ui.messageLabel.text = ""
        except QPerfusionError as error:
            self._ui.messageLabel.text = str(error)
        finally:
            self._updating = False
        self._shown = None
        self.update()

    def _go_to(self, frame: int) -> None:
        """Show a frame in the views; the slider and the row of the table follow."""
        if self._updating:
            return
        browser = self._browser()
        if browser is not None and 0 <= frame < browser.GetNumberOfItems():
            browser.SetSelectedItemNumber(int(frame))
        if self._ui.frameSlider.value != frame:
            self._ui.frameSlider.value = frame

    def _follow(self) -> None:
        """Let the slider show the frame that the views show."""
        browser = self._browser()
        if browser is not None:
            self._ui.frameSlider.value = browser.GetSelectedItemNumber()

    def _play(self) -> None:
        browser = self._browser()
        if browser is not None:
            browser.SetPlaybackActive(bool(self._ui.playButton.checked))

    def _of_result(self) -> bool:
        return bool(self._ui.framesOfBox.currentIndex == 0)

    def _node(self) -> Any:
        """Return the frame table or the sequence whose frames are shown, None when there is none."""
        state, parameters = self._ui.stateBox.currentText, self._parameters()
        if self._of_result():
            study = self._results.study()
            return study.node("table:frames", state) if study is not None else None
        sequence = getattr(parameters, f"{state}Series") if parameters is not None else None
        # A sequence that is being removed with its scene counts frames that are gone.
        return sequence if sequence is not None and sequence.GetNthDataNode(0) is not None else None

    def _browser(self) -> Any:
        study = self._results.study()
        return study.node("browser", self._ui.stateBox.currentText) if study is not None else None


def _seconds(text: str) -> float:
    from QPerfusionLogic.errors import InputError

    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"the time {text!r}", expected="seconds") from error
