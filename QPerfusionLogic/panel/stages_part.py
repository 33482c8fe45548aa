"""The part of the panel for one stage at a time: what is done, run it, look at it, edit it, go on from there."""

from __future__ import annotations

from typing import Any

from QPerfusionLogic.pipeline.job import FROM_EDITS
from QPerfusionLogic.settings.names import STAGE_NAMES
from QPerfusionLogic.settings.schema import STAGES
from QPerfusionLogic.translation import _

from .settings_part import MakeItem

TO_REVIEW = {
    "superresolution": "the raw series",
    "registration": "raw and registered series in the player, frame table",
    "segmentation": "contours in the Segment Editor, insertion points",
    "aif": "arterial input: measured, corrected, population",
    "conversion": "gadolinium series in the player",
    "kinetics": "maps, curves and fits",
    "reporting": "segment table and polar maps",
}
"""Stage -> what there is to look at after it."""


class StagesPart:
    """Shows the stages and runs them one by one.

    Parameters
    ----------
    ui : object
        The widgets of the panel by name.
    results : ResultsPart
        Shows what a stage has found.
    run : RunPart
        Starts runs.
    make_item : MakeItem
        Makes items of the table.
    """

    def __init__(self, ui: Any, results: Any, run: Any, make_item: MakeItem) -> None:
        self._ui = ui
        self._results = results
        self._run = run
        self._make_item = make_item
        self._shown: tuple[str, ...] | None = None
        ui.stageTable.setRowCount(len(STAGES))
        ui.runStageButton.connect("clicked(bool)", self.run_stage)
        ui.fromStageButton.connect("clicked(bool)", self.run_from_stage)
        ui.reviewButton.connect("clicked(bool)", self.review)
        ui.resumeButton.connect("clicked(bool)", self.compute_edited)
        self.update()

    @property
    def stage(self) -> str:
        """The stage whose row is chosen; the first that is not done when none is."""
        row = self._ui.stageTable.currentRow()
        if 0 <= row < len(STAGES):
            return STAGES[row]
        done = self._done()
        return next((stage for stage in STAGES[1:-1] if stage not in done), STAGES[-1])

    def update(self) -> None:
        """Show which stages the study has done."""
        done = self._done()
        if done == self._shown:
            return
        self._shown = done
        for row, stage in enumerate(STAGES):
            state = _("done") if stage in done else _("to do")
            state = "" if stage in ("superresolution", "reporting") else state
            for column, cell in enumerate((_(STAGE_NAMES[stage]), state, _(TO_REVIEW[stage]))):
                self._ui.stageTable.setItem(row, column, self._make_item(cell, _(TO_REVIEW[stage]), False))
        self._ui.stageTable.resizeColumnToContents(0)

    def run_stage(self) -> None:
        """Run the chosen stage, and those before it that are not done, and stop there."""
        self._run.start(self._first_of(self.stage), self.stage)

    def run_from_stage(self) -> None:
        """Run the chosen stage and all after it."""
        self._run.start(self._first_of(self.stage), "")

    def compute_edited(self) -> None:
        """Compute again what depends on what was edited, and nothing else."""
        self._run.start(FROM_EDITS, "")

    def review(self) -> None:
        """Show what the chosen stage has found."""
        stage = self.stage
        if stage in ("superresolution", "registration", "conversion"):
            self._results.show_motion()
        elif stage == "segmentation":
            self._results.edit_contours()
        elif stage == "aif":
            self._results.curves.show_aif()
            self._results.choose_table("table:aif")
        else:
            self._results.show_study()
            self._results.choose_table("table:segments")

    def _first_of(self, stage: str) -> str:
        """Return the stage to start with so that `stage` has what it needs: "" for a run from the inputs."""
        done = self._done()
        if not done:
            return ""
        return next((item for item in STAGES[1:-1] if item not in done or item == stage), stage)

    def _done(self) -> tuple[str, ...]:
        from QPerfusionLogic.mrml.study.resuming import stages_done

        study = self._results.study()
        return stages_done(study) if study is not None else ()
