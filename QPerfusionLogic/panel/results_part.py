"""The part of the panel that shows results: studies, maps, charts, tables, notices, and the way to the editors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from QPerfusionLogic.data.series import State
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import _
from QPerfusionLogic.workflow.failures import sentence

from .curves_part import CurvesPart
from .live_segments import LiveSegments
from .placed_views import PlacedViews

TABLES = (
    ("Segments", "table:segments", ""),
    ("Notices", "table:notices", ""),
    ("Stress frames", "table:frames", "stress"),
    ("Rest frames", "table:frames", "rest"),
    ("Stress AIF", "table:aif", "stress"),
    ("Rest AIF", "table:aif", "rest"),
    ("Constants", "table:constants", ""),
    ("AIF methods", "table:aif_methods", ""),
)
"""Title, role and state of the tables that the panel shows."""
SEVERITIES = {"serious": "Serious", "warning": "Warnings", "note": "Notes"}
"""Severity of a notice -> the heading that it stands under."""
NO_ROW = -1
"""A cell of a table view that belongs to no row of its table."""


class ResultsPart:
    """Shows the study that the parameters name.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    application : object
        Gives the application's scene (`scene()`), logic (`logic()`) and size of all views
        together (`view_area()`), hides the bars of slice views (`hide_view_controllers(names)`),
        switches modules (`select_module(str)`), reports errors (`report(str)`) and calls
        later (`later(ms, function)`).
    parameters : callable
        Returns the present parameters, None when there are none.
    settings : callable
        Returns the settings of the panel.
    """

    def __init__(
        self, ui: Any, application: Any, parameters: Callable[[], Any], settings: Callable[[], Settings]
    ) -> None:
        self._ui = ui
        self._application = application
        self._parameters = parameters
        self.curves = CurvesPart(ui, application, self.study, settings)
        self.live = LiveSegments(self.study)
        self._has_study = False
        self._views = PlacedViews(application)
        ui.tableBox.addItems([_(row[0]) for row in TABLES])
        ui.showButton.connect("clicked(bool)", self.show_study)
        ui.editContoursButton.connect("clicked(bool)", self.edit_contours)
        ui.editPointsButton.connect("clicked(bool)", self.edit_points)
        ui.frameKeptButton.connect("clicked(bool)", self.toggle_frames)
        ui.studyBox.connect("currentIndexChanged(int)", self._choose_study)
        ui.tableBox.connect("currentIndexChanged(int)", self.show_table)
        ui.tableView.connect("clicked(QModelIndex)", self._row_clicked)
        ui.overlaySlider.connect("valueChanged(int)", self._set_overlay)

    def watch(self) -> None:
        """Follow the cursor and the insertion points."""
        self.curves.watch()
        self.live.watch()

    def release(self) -> None:
        """Let go of every node that is observed."""
        self.curves.release()
        self.live.release()
        self._views.release()

    def study(self) -> Any:
        """Return the study to look at, None when there is none."""
        from QPerfusionLogic.mrml.study.finding import study_named

        parameters = self._parameters()
        return study_named(self._application.scene(), parameters.studyName) if parameters is not None else None

    def update(self) -> None:
        """Offer the studies that the scene holds now."""
        from QPerfusionLogic.mrml.study.finding import study_names

        parameters = self._parameters()
        if parameters is None:
            return
        names = study_names(self._application.scene())
        self._choose_among(names)
        box = self._ui.studyBox
        was_blocked = box.blockSignals(True)
        box.clear()
        box.addItems(names)
        box.currentIndex = names.index(parameters.studyName) if parameters.studyName in names else -1
        box.blockSignals(was_blocked)
        self.live.watch()
        self._unfold(bool(names))
        for button in ("showButton", "aifButton", "editContoursButton", "editPointsButton", "frameKeptButton"):
            getattr(self._ui, button).enabled = parameters.studyName in names

    def _unfold(self, has_study: bool) -> None:
        """Unfold the results when the first study comes and fold them with the last; between these the user does."""
        if has_study == self._has_study:
            return
        self._has_study = has_study
        self._ui.resultsButton.collapsed = not has_study
        if not has_study:
            self._ui.noticesBrowser.plainText = ""
            self._ui.noticesButton.collapsed = True

    def _choose_among(self, names: list[str]) -> None:
        """Choose the newest study when the one that was chosen is not there, as in a scene that was just loaded."""
        parameters = self._parameters()
        if parameters.studyName in names or self._application.scene().IsBatchProcessing():
            return
        newest = names[-1] if names else ""
        if parameters.studyName != newest:
            parameters.studyName = newest
            self.curves.forget()

    def show_study(self) -> None:
        """Show maps, charts, notices and tables of the study."""
        from QPerfusionLogic.mrml.views.layouts import POLAR_VIEWS, show_study

        study = self.study()
        if study is None:
            return
        contents = show_study(self._application.scene(), study, self._application.view_area())
        # A polar map has no other slice to go to, and without the bar its view may be narrow.
        self._application.hide_view_controllers(POLAR_VIEWS)
        self._views.keep(contents)
        self._set_overlay(self._ui.overlaySlider.value)
        self._show_notices(study)
        self.show_table()
        self.curves.show_segment()
        self.curves.prepare()

    def show_motion(self) -> None:
        """Show the raw, the registered and the gadolinium series of the chosen state for the player."""
        from QPerfusionLogic.mrml.views.layouts import show_motion

        study = self.study()
        if study is not None:
            self._views.keep(show_motion(self._application.scene(), study, self._ui.stateBox.currentText))
            self.choose_table("table:frames")

    def choose_table(self, role: str) -> None:
        """Choose a table, of the chosen state where it has one per state."""
        wanted = ((role, ""), (role, self._ui.stateBox.currentText))
        for index, (_title, of, state) in enumerate(TABLES):
            if (of, state) in wanted:
                self._ui.tableBox.currentIndex = index

    def show_table(self) -> None:
        """Show the chosen table."""
        study = self.study()
        role, state = TABLES[self._ui.tableBox.currentIndex][1:]
        table = study.node(role, state) if study is not None else None
        if table is not None and not table.GetUseColumnTitleAsColumnHeader():
            # Tables of scenes saved by earlier versions.
            table.SetUseColumnTitleAsColumnHeader(True)
        self._ui.tableView.setMRMLTableNode(table)

    def edit_contours(self) -> None:
        """Open the Segment Editor with the heart of the chosen state; a run from there takes what is drawn then."""
        from QPerfusionLogic.mrml.views.editing import prepare_segment_editor

        study = self.study()
        state = State(self._ui.stateBox.currentText)
        if study is None or not prepare_segment_editor(self._application.scene(), study, state):
            self._application.report(_("This study has nothing to edit there."))
            return
        self._application.select_module("SegmentEditor")

    def edit_points(self) -> None:
        """Open the Markups module; the AHA segments turn with the insertion points while they are moved."""
        from QPerfusionLogic.mrml.nodes.landmarks import show_point_names
        from QPerfusionLogic.mrml.views.editing import show_segments

        study, state = self.study(), self._ui.stateBox.currentText
        node = study.node("insertion_points", state) if study is not None else None
        if node is None:
            self._application.report(_("This study has nothing to edit there."))
            return
        show_segments(self._application.scene(), study, State(state))
        show_point_names(node)
        self._application.logic().GetSelectionNode().SetActivePlaceNodeID(node.GetID())
        self._application.select_module("Markups")

    def toggle_frames(self) -> None:
        """Keep the frames of the selected rows of the frame table, or exclude them when they are kept now."""
        from QPerfusionLogic.mrml.study.result_tables import toggle_frame

        table = self._ui.tableView.mrmlTableNode()
        if table is None or table.GetColumnIndex("kept") < 0:
            self._application.report(_("Choose a table of frames and select rows in it."))
            return
        shown = self._ui.tableView.selectionModel().selectedRows()
        for row in sorted({self._table_row(index) for index in shown} - {NO_ROW}):
            toggle_frame(table, row)
        self.show_table()

    def _show_notices(self, study: Any) -> None:
        from QPerfusionLogic.mrml.nodes.marks import read_note

        table = study.node("table:notices")
        verdict = None if table is None else read_note(table, "Verdict")
        lines: list[str] = [_("Verdict: ") + verdict["text"]] if verdict else []
        heading = ""
        for row in range(table.GetNumberOfRows() if table is not None else 0):
            severity, state, message, action = (table.GetCellText(row, column) for column in (0, 2, 4, 5))
            if severity != heading:
                heading = severity
                lines += [*([""] if lines else []), _(SEVERITIES.get(severity, severity))]
            where = f"{state[:1].upper()}{state[1:]}: " if state else ""
            text = where + message if where else message
            lines.append(f"• {sentence(text)}" + (f" {sentence(action)}" if action else ""))
        if table is None or not table.GetNumberOfRows():
            lines += [_("No warnings.")]
        self._ui.noticesBrowser.plainText = "\n".join(lines)
        self._ui.noticesButton.collapsed = not heading

    def _row_clicked(self, index: Any) -> None:
        """Show the curve of the segment whose row was clicked."""
        table = self._ui.tableView.mrmlTableNode()
        if table is None or table.GetColumnIndex("segment") < 0:
            return
        row = self._table_row(index)
        if row == NO_ROW:
            return
        segment, layer = (table.GetCellText(row, table.GetColumnIndex(name)) for name in ("segment", "layer"))
        if segment.isdigit():
            self.curves.choose_segment(int(segment), layer or "all")

    def _table_row(self, index: Any) -> int:
        """Return the row of the table that a cell of the view shows, NO_ROW for a cell with the name of a column.

        Slicer's model of a table begins with a row of column names unless the table shows them as its header.
        """
        row = int(self._ui.tableView.sortFilterProxyModel().mapToSource(index).row())
        return row if self._ui.tableView.mrmlTableNode().GetUseColumnTitleAsColumnHeader() else row - 1

    def _choose_study(self) -> None:
        parameters, name = self._parameters(), self._ui.studyBox.currentText
        if parameters is not None and name and name != parameters.studyName:
            parameters.studyName = name
            self.curves.forget()

    def _set_overlay(self, percent: int) -> None:
        from QPerfusionLogic.mrml.views.layouts import set_overlay_opacity

        set_overlay_opacity(self._application.scene(), percent / 100.0)
