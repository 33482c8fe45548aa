"""The panel of QPerfusion in 3D Slicer: choose the series, run, look, edit, run again from there."""

import json
import sys
from pathlib import Path
from typing import Annotated

import qt
import slicer
import slicer.util
import vtk
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Decimals, SingleStep, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# From a source checkout the package lies beside the module's folder; once installed Slicer finds it by itself.
if (Path(__file__).resolve().parents[1] / "QPerfusionLogic").is_dir():
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.panel import choices
from QPerfusionLogic.panel.background import BackgroundRun
from QPerfusionLogic.panel.guesses import guess
from QPerfusionLogic.panel.options import BOUND_SETTINGS, options_of
from QPerfusionLogic.settings import Settings

TABLES = (
    ("Segments", "table:segments", ""),
    ("Notices", "table:notices", ""),
    ("Stress frames", "table:frames", "stress"),
    ("Rest frames", "table:frames", "rest"),
    ("Stress AIF", "table:aif", "stress"),
    ("Rest AIF", "table:aif", "rest"),
)
"""Title, role and state of the tables that the panel shows."""


class QPerfusion(ScriptedLoadableModule):
    """What Slicer shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("QPerfusion")
        parent.categories = ["Cardiac"]
        parent.dependencies = ["Sequences", "Segmentations", "SubjectHierarchy", "Plots", "Tables", "Markups"]
        parent.contributors = ["The QPerfusion developers"]
        parent.helpText = _(
            "Quantitative first-pass myocardial perfusion MRI: from stress and rest series to millilitres per minute "
            "per gram in every pixel and AHA segment. Research use only; not a medical device."
        )
        parent.acknowledgementText = _("Methods and their sources are listed in the README and in every report.")


@parameterNodeWrapper
class QPerfusionParameterNode:
    """What the user chose; lives in the scene.

    The settings are those of the package (`QPerfusionLogic.settings`): five have widgets of their own, the others are
    kept in `changes` as JSON, "stage.field" -> text, where they differ from the defaults.
    """

    stressSeries: slicer.vtkMRMLSequenceNode
    stressAif: slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode
    stressMask: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode
    restSeries: slicer.vtkMRMLSequenceNode
    restAif: slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode
    restMask: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode
    t1Map: slicer.vtkMRMLScalarVolumeNode
    preBolus: slicer.vtkMRMLSequenceNode
    registrationMode: Annotated[str, Choice(options_of("registration.mode"))] = "translation"
    aifMode: Annotated[str, Choice(options_of("aif.mode"))] = "automatic"
    conversionMode: Annotated[str, Choice(options_of("conversion.mode"))] = "look_up_table"
    kineticModel: Annotated[str, Choice(options_of("kinetics.model"))] = "fermi"
    hematocrit: Annotated[float, WithinRange(0.2, 0.6), Decimals(2), SingleStep(0.01)] = 0.42
    changes: str = "{}"
    outputFolder: str = ""
    studyName: str = ""


class QPerfusionLogic(ScriptedLoadableModuleLogic):
    """A thin facade over the package: nodes to study, study to nodes, and the run in between.

    Examples
    --------
    In Slicer's Python console::

        logic = slicer.util.getModuleLogic("QPerfusion")
        parameters = logic.getParameterNode()
        logic.fillInGuesses(parameters)
        study = logic.run(parameters)
        study.node("map:mbf", "stress")
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.currentRun = None

    def getParameterNode(self):
        return QPerfusionParameterNode(super().getParameterNode())

    def fillInGuesses(self, parameters):
        """Choose the inputs that are still empty from what their names and contents tell."""
        from QPerfusionLogic.scene.candidates import input_candidates

        for name, node in guess(input_candidates(slicer.mrmlScene)).items():
            if getattr(parameters, name) is None:
                setattr(parameters, name, node)

    def whyNot(self, parameters):
        """Return why these parameters cannot be run, "" when they can."""
        return choices.why_not(
            parameters.stressSeries,
            parameters.restSeries,
            {"AIF": parameters.stressAif, "mask": parameters.stressMask, "pre-bolus series": parameters.preBolus},
            {"AIF": parameters.restAif, "mask": parameters.restMask},
        )

    def settings(self, parameters):
        """Return the settings of the package that these parameters mean."""
        changes = choices.read_changes(parameters.changes)
        changes.update({name: str(getattr(parameters, bound)) for bound, name in BOUND_SETTINGS.items()})
        return choices.with_changes(changes)

    def setSettings(self, parameters, settings):
        """Let these parameters mean the given settings."""
        changes = choices.changes_of(settings)
        for bound, name in BOUND_SETTINGS.items():
            stage, _dot, item = name.partition(".")
            setattr(parameters, bound, getattr(getattr(settings, stage), item))
            changes.pop(name, None)
        parameters.changes = json.dumps(changes)

    def job(self, parameters, resumeFrom=""):
        """Return the job of a first run, or of one that resumes from a result in the scene with the user's edits."""
        from QPerfusionLogic.panel.job import Job
        from QPerfusionLogic.scene.reading import StateNodes, study_from_scene

        settings = self.settings(parameters).as_dictionary()
        if resumeFrom:
            from QPerfusionLogic.scene.resuming import job_to_resume

            return job_to_resume(slicer.mrmlScene, parameters.studyName, settings, parameters.outputFolder, resumeFrom)
        study = study_from_scene(
            StateNodes(parameters.stressSeries, parameters.stressAif, parameters.stressMask, parameters.preBolus),
            StateNodes(parameters.restSeries, parameters.restAif, parameters.restMask),
            parameters.t1Map,
        )
        return Job(study, settings, parameters.outputFolder)

    def run(self, parameters, resumeFrom="", waitForCompletion=True, onProgress=None, onEnd=None):
        """Quantify the chosen series and put the result into the scene.

        Parameters
        ----------
        parameters : QPerfusionParameterNode
        resumeFrom : str
            A stage, to go on from the result `parameters.studyName` with the edits made in the scene.
        waitForCompletion : bool
            True: run here and return the SceneStudy. False: run in the background, return at once.
        onProgress : callable, optional
            Called with (fraction, message).
        onEnd : callable, optional
            Called with the SceneStudy, or with the exception that ended the run.
        """
        self.ensurePackages()
        job = self.job(parameters, resumeFrom)
        progress = onProgress or (lambda fraction, message: None)
        if waitForCompletion:
            from QPerfusionLogic.panel.job import run_job
            from QPerfusionLogic.progress import Progress

            return self.showResult(parameters, run_job(job, Progress(progress)), job.study.t1_map)
        finish = onEnd or (lambda outcome: None)
        self.currentRun = BackgroundRun(
            job, launchInBackground, progress, lambda run: self._onRunEnded(run, job, parameters, finish)
        )
        return None

    def cancel(self):
        """End the background run, if there is one."""
        if self.currentRun is not None:
            self.currentRun.cancel()

    def showResult(self, parameters, result, t1Map=None):
        """Put a result into the scene and remember it as the study to look at."""
        from QPerfusionLogic.scene.filling import fill_scene

        study = fill_scene(slicer.mrmlScene, result, t1_map=t1Map)
        parameters.studyName = study.name
        return study

    def ensurePackages(self):
        """Install what the package needs and Slicer does not bundle, after asking the user."""
        from slicer.packaging import load_requirements, pip_ensure

        pip_ensure(load_requirements(Path(__file__).parent / "Resources" / "requirements.txt"), requester="QPerfusion")

    def _onRunEnded(self, run, job, parameters, finish):
        self.currentRun = None
        try:
            outcome = None if run.cancelled else self.showResult(parameters, run.result(), job.study.t1_map)
        except Exception as error:
            outcome = error
        finally:
            run.close()
        finish(outcome)


def launchInBackground(arguments, environment, onLine, onEnd):
    """Start a process with Slicer's own means: output and end arrive in the main thread."""
    return slicer.util.launchConsoleProcess(
        arguments,
        useStartupEnvironment=False,
        updateEnvironment=environment,
        blocking=False,
        logCallback=onLine,
        completedCallback=onEnd,
    )


class QPerfusionWidget(ScriptedLoadableModuleWidget, slicer.util.VTKObservationMixin):
    """The panel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        slicer.util.VTKObservationMixin.__init__(self)
        self.logic = None
        self.ui = None
        self._parameters = None
        self._guiTag = None
        self._updatingSettings = False

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/QPerfusion.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = QPerfusionLogic()
        self._connectButtons()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()

    def cleanup(self):
        self.logic.cancel()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()

    def exit(self):
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event):
        self.logic.cancel()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        self.initializeParameterNode()

    def onNodeRemoved(self, caller, event):
        self.updateApplyButton()
        self.updateStudies()

    def onReload(self):
        """Reload the package too, so that an edit anywhere in it is seen."""
        for name in sorted(name for name in sys.modules if name.split(".")[0] == "QPerfusionLogic"):
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())
        self.logic.fillInGuesses(self._parameters)

    def setParameterNode(self, parameters):
        """Show other parameters, or none."""
        if self._parameters is not None:
            self._parameters.disconnectGui(self._guiTag)
            self.removeObserver(self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
        self._parameters = parameters
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
            self.onParametersModified()

    def onParametersModified(self, caller=None, event=None):
        self.updateApplyButton()
        self.updateSettingsTable()
        self.updateStudies()

    def updateApplyButton(self):
        """Enable Apply, or say in its tooltip why it is not; during a run it is Cancel."""
        if self._parameters is None:
            return
        running = self.logic.currentRun is not None
        reason = "" if running else self.logic.whyNot(self._parameters)
        self.ui.applyButton.text = _("Cancel") if running else _("Apply")
        self.ui.applyButton.enabled = not reason
        self.ui.applyButton.toolTip = reason or (_("Stop the run.") if running else _("Quantify the chosen series."))
        self.ui.resumeButton.enabled = not running and bool(self._parameters.studyName)
        self.ui.inputsButton.enabled = not running
        self.ui.methodButton.enabled = not running

    def onApply(self):
        if self.logic.currentRun is not None:
            self.logic.cancel()
            self.ui.messageLabel.text = _("Cancelling ...")
        else:
            self.startRun("")

    def onResume(self):
        self.startRun(self.ui.resumeStage.currentText)

    def startRun(self, resumeFrom):
        with slicer.util.tryWithErrorDisplay(_("The run could not be started."), waitCursor=False):
            self.ui.noticesBrowser.plainText = ""
            self.ui.messageLabel.text = _("Starting ...")
            self.logic.run(self._parameters, resumeFrom, False, self.onProgress, self.onRunEnded)
        if self.logic.currentRun is None:
            self.ui.messageLabel.text = _("Not started.")
        self.updateApplyButton()

    def onProgress(self, fraction, message):
        self.ui.progressBar.value = round(100 * fraction)
        self.ui.messageLabel.text = message

    def onRunEnded(self, outcome):
        self.ui.progressBar.value = 0
        if isinstance(outcome, Exception):
            self.ui.messageLabel.text = _("Failed.")
            self.ui.noticesBrowser.plainText = str(outcome)
            slicer.util.errorDisplay(str(outcome), windowTitle=_("QPerfusion"))
        elif outcome is None:
            self.ui.messageLabel.text = _("Cancelled; nothing was changed.")
        else:
            self.ui.messageLabel.text = _("Done: {name}").format(name=outcome.name)
            self.showStudy()
        self.updateApplyButton()

    def showStudy(self):
        """Show the maps, charts, notices and tables of the chosen study."""
        from QPerfusionLogic.scene.views import show_study

        study = self.currentStudy()
        if study is None:
            return
        show_study(slicer.mrmlScene, study)
        self.showNotices(study)
        self.showTable()
        self.showSegment()

    def currentStudy(self):
        """Return the study to look at, None when there is none."""
        from QPerfusionLogic.scene.finding import study_named

        return study_named(slicer.mrmlScene, self._parameters.studyName) if self._parameters is not None else None

    def showNotices(self, study):
        table = study.node("table:notices")
        lines = []
        for row in range(table.GetNumberOfRows() if table is not None else 0):
            severity, _code, state, _stage, message, action = (table.GetCellText(row, column) for column in range(6))
            where = f"{state}: " if state else ""
            lines.append(f"[{severity}] {where}{message}" + (f"\n    -> {action}" if action else ""))
        self.ui.noticesBrowser.plainText = "\n".join(lines) or _("Nothing to note.")

    def showTable(self):
        """Show the table that the user chose."""
        study = self.currentStudy()
        role, state = TABLES[self.ui.tableBox.currentIndex][1:]
        self.ui.tableView.setMRMLTableNode(study.node(role, state) if study is not None else None)

    def showSegment(self):
        """Show curve and fit of the chosen segment and state in the chart."""
        from QPerfusionLogic.scene.charts import show_segment

        study = self.currentStudy()
        if study is None:
            return
        state = self.ui.stateBox.currentText
        nodes = [study.node(role, state) for role in ("chart:curve", "plot:curve:0", "plot:curve:1")]
        if all(node is not None for node in nodes):
            show_segment(*nodes, self.ui.segmentBox.value, self.ui.layerBox.currentText)
            self.showChart(nodes[0])

    def showAif(self):
        study = self.currentStudy()
        chart = study.node("chart:aif", self.ui.stateBox.currentText) if study is not None else None
        if chart is not None:
            self.showChart(chart)

    def showChart(self, chart):
        selection = slicer.app.applicationLogic().GetSelectionNode()
        selection.SetActivePlotChartID(chart.GetID())
        slicer.app.applicationLogic().PropagatePlotChartSelection()

    def onOverlay(self, percent):
        from QPerfusionLogic.scene.views import set_overlay_opacity

        set_overlay_opacity(slicer.mrmlScene, percent / 100.0)

    def onStudyChosen(self, index):
        name = self.ui.studyBox.currentText
        if self._parameters is not None and name and name != self._parameters.studyName:
            self._parameters.studyName = name

    def updateStudies(self):
        """Offer the studies of the scene."""
        from QPerfusionLogic.scene.finding import study_names

        if self._parameters is None:
            return
        names = study_names(slicer.mrmlScene)
        box = self.ui.studyBox
        wasBlocked = box.blockSignals(True)
        box.clear()
        box.addItems(names)
        box.setCurrentText(self._parameters.studyName)
        box.blockSignals(wasBlocked)
        for button in (self.ui.showButton, self.ui.editContoursButton, self.ui.editPointsButton):
            button.enabled = bool(names)

    def onEditContours(self):
        """Open the Segment Editor; Resume takes the contours as they are then."""
        self.editIn("SegmentEditor", "segmentation")

    def onEditPoints(self):
        """Open the Markups module; the AHA segments turn with the insertion points when the run is resumed."""
        self.editIn("Markups", "insertion_points")

    def editIn(self, module, role):
        study = self.currentStudy()
        node = study.node(role, self.ui.stateBox.currentText) if study is not None else None
        if node is None:
            slicer.util.errorDisplay(_("This study has nothing to edit there."), windowTitle=_("QPerfusion"))
            return
        slicer.app.applicationLogic().GetSelectionNode().SetActivePlaceNodeID(node.GetID())
        slicer.util.selectModule(module)

    def updateSettingsTable(self):
        """Show every setting that has no widget of its own, with its unit and meaning."""
        if self._updatingSettings:
            return
        self._updatingSettings = True
        table = self.ui.settingsTable
        rows = choices.setting_rows(self.logic.settings(self._parameters), tuple(BOUND_SETTINGS.values()))
        table.setRowCount(len(rows))
        for index, row in enumerate(rows):
            for column, text in enumerate((row.name, row.value, row.unit)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip("\n".join(filter(None, (row.meaning, ", ".join(row.options)))))
                if column != 1:
                    item.setFlags(qt.Qt.ItemIsEnabled)
                table.setItem(index, column, item)
        self._updatingSettings = False

    def onSettingEdited(self, row, column):
        if self._updatingSettings or column != 1:
            return
        name, text = self.ui.settingsTable.item(row, 0).text(), self.ui.settingsTable.item(row, 1).text()
        try:
            settings = choices.with_text(self.logic.settings(self._parameters), name, text)
        except QPerfusionError as error:
            self.ui.messageLabel.text = str(error)
            self.updateSettingsTable()
            return
        self.ui.messageLabel.text = ""
        self.logic.setSettings(self._parameters, settings)

    def onSavePreset(self):
        path = qt.QFileDialog.getSaveFileName(None, _("Save settings"), "", _("Settings (*.json)"))
        self.savePreset(path)

    def savePreset(self, path):
        """Write the settings as the command line's --settings reads them."""
        if path:
            with slicer.util.tryWithErrorDisplay(_("The settings could not be saved.")):
                content = json.dumps(self.logic.settings(self._parameters).as_dictionary(), indent=2)
                Path(path).write_text(content, encoding="utf-8")

    def onLoadPreset(self):
        path = qt.QFileDialog.getOpenFileName(None, _("Load settings"), "", _("Settings (*.json)"))
        self.loadPreset(path)

    def loadPreset(self, path):
        """Take the settings of a file, also of the provenance.json of a run."""
        if path:
            with slicer.util.tryWithErrorDisplay(_("The settings could not be loaded.")):
                self.logic.setSettings(self._parameters, Settings.from_file(Path(path)))

    def _connectButtons(self):
        ui = self.ui
        ui.applyButton.connect("clicked(bool)", self.onApply)
        ui.resumeButton.connect("clicked(bool)", self.onResume)
        ui.guessButton.connect("clicked(bool)", lambda: self.logic.fillInGuesses(self._parameters))
        ui.showButton.connect("clicked(bool)", self.showStudy)
        ui.aifButton.connect("clicked(bool)", self.showAif)
        ui.editContoursButton.connect("clicked(bool)", self.onEditContours)
        ui.editPointsButton.connect("clicked(bool)", self.onEditPoints)
        ui.savePresetButton.connect("clicked(bool)", self.onSavePreset)
        ui.loadPresetButton.connect("clicked(bool)", self.onLoadPreset)
        ui.settingsTable.connect("cellChanged(int,int)", self.onSettingEdited)
        ui.studyBox.connect("currentIndexChanged(int)", self.onStudyChosen)
        ui.tableBox.connect("currentIndexChanged(int)", self.showTable)
        ui.segmentBox.connect("valueChanged(int)", self.showSegment)
        ui.layerBox.connect("currentIndexChanged(int)", self.showSegment)
        ui.stateBox.connect("currentIndexChanged(int)", self.showSegment)
        ui.overlaySlider.connect("valueChanged(int)", self.onOverlay)
        ui.tableBox.addItems([_(title) for title, _role, _state in TABLES])
        ui.stateBox.addItems(["stress", "rest"])
        ui.layerBox.addItems(["all", "endo", "epi"])
        ui.resumeStage.addItems(["segmentation", "registration"])


class QPerfusionTest(ScriptedLoadableModuleTest):
    """Self-test on public API only, so that it also runs in a real Slicer."""

    def setUp(self):
        slicer.mrmlScene.Clear(0)

    def runTest(self):
        self.setUp()
        self.test_panel_says_what_is_missing()
        self.setUp()
        self.test_settings_survive_in_the_parameter_node()

    def test_panel_says_what_is_missing(self):
        logic = QPerfusionLogic()
        assert "series" in logic.whyNot(logic.getParameterNode())

    def test_settings_survive_in_the_parameter_node(self):
        logic = QPerfusionLogic()
        settings = Settings().with_value("kinetics.model", "btex").with_value("conversion.t1_blood_s", 1.6)
        logic.setSettings(logic.getParameterNode(), settings)
        assert QPerfusionLogic().settings(logic.getParameterNode()) == settings
