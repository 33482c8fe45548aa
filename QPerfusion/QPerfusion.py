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

from QPerfusionLogic.errors import CancelledError
from QPerfusionLogic.panel import choices
from QPerfusionLogic.panel.background import BackgroundRun
from QPerfusionLogic.panel.frames_part import FramesPart
from QPerfusionLogic.panel.guesses import guess
from QPerfusionLogic.panel.options import BOUND_SETTINGS, default_of, options_of
from QPerfusionLogic.panel.results_part import ResultsPart
from QPerfusionLogic.panel.run_part import RunPart
from QPerfusionLogic.panel.settings_part import SettingsPart
from QPerfusionLogic.panel.stages_part import StagesPart
from QPerfusionLogic.settings import Settings


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
    registrationMode: Annotated[str, Choice(options_of("registration.mode"))] = default_of("registration.mode")
    aifMode: Annotated[str, Choice(options_of("aif.mode"))] = default_of("aif.mode")
    conversionMode: Annotated[str, Choice(options_of("conversion.mode"))] = default_of("conversion.mode")
    kineticModel: Annotated[str, Choice(options_of("kinetics.model"))] = default_of("kinetics.model")
    hematocrit: Annotated[float, WithinRange(0.2, 0.6), Decimals(2), SingleStep(0.01)] = default_of(
        "kinetics.hematocrit"
    )
    changes: str = "{}"
    outputFolder: str = ""
    studyName: str = ""
    keepEarlier: bool = True


class QPerfusionLogic(ScriptedLoadableModuleLogic):
    """A thin facade over the package: nodes to study, study to nodes, and the run in between.

    A study in five lines of the Python console: Documentation/slicer.md.
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

    def convertLegacyNodes(self):
        """Add a sequence for every MultiVolume node that has none yet."""
        from QPerfusionLogic.scene.multivolume import add_sequence_of, legacy_nodes

        for node in legacy_nodes(slicer.mrmlScene):
            add_sequence_of(slicer.mrmlScene, node)

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

    def job(self, parameters, resumeFrom="", stopAfter=""):
        """Return the job of a first run, or of one that resumes from a result in the scene with the user's edits."""
        from QPerfusionLogic.panel.job import Job
        from QPerfusionLogic.scene.reading import StateNodes, study_from_scene

        settings = self.settings(parameters).as_dictionary()
        if resumeFrom:
            from QPerfusionLogic.scene.resuming import job_to_resume

            name, folder = parameters.studyName, parameters.outputFolder
            return job_to_resume(slicer.mrmlScene, name, settings, folder, resumeFrom, stopAfter)
        study = study_from_scene(
            StateNodes(parameters.stressSeries, parameters.stressAif, parameters.stressMask, parameters.preBolus),
            StateNodes(parameters.restSeries, parameters.restAif, parameters.restMask),
            parameters.t1Map,
        )
        return Job(study, settings, parameters.outputFolder, stop_after=stopAfter)

    def run(self, parameters, resumeFrom="", waitForCompletion=True, onProgress=None, onEnd=None, stopAfter=""):
        """Quantify the chosen series and put the result into the scene.

        Parameters
        ----------
        parameters : QPerfusionParameterNode
        resumeFrom : str
            A stage, to go on from the result `parameters.studyName` with the edits made in the scene; "edits" for
            what depends on these edits alone.
        waitForCompletion : bool
            True: run here and return the SceneStudy. False: run in the background, return at once.
        onProgress : callable, optional
            Called with (fraction, message).
        onEnd : callable, optional
            Called with the SceneStudy, or with the exception that ended the run.
        stopAfter : str
            The last stage to run, "" for all.
        """
        self.ensurePackages()
        job = self.job(parameters, resumeFrom, stopAfter)
        progress = onProgress or (lambda fraction, message: None)
        if waitForCompletion:
            from QPerfusionLogic.panel.job import run_job
            from QPerfusionLogic.progress import Progress

            result = run_job(job, Progress(progress))
            return self.showResult(parameters, result, job.study.t1_map, replace=bool(resumeFrom))
        finish = onEnd or (lambda outcome: None)
        self.currentRun = BackgroundRun(
            job,
            launchInBackground,
            qt.QTimer.singleShot,
            progress,
            lambda run: self._onRunEnded(run, job, parameters, finish),
        )
        return None

    def cancel(self):
        """End the background run, if there is one."""
        if self.currentRun is not None:
            self.currentRun.cancel()

    def showResult(self, parameters, result, t1Map=None, breathe=None, replace=False):
        """Put a result into the scene as the study to look at; `replace`: instead of the one it was computed from,
        unless the user keeps that."""
        from QPerfusionLogic.scene.filling import fill_scene, remove_study

        earlier = parameters.studyName
        study = fill_scene(slicer.mrmlScene, result, t1_map=t1Map, breathe=breathe)
        parameters.studyName = study.name
        if replace and not parameters.keepEarlier:
            remove_study(slicer.mrmlScene, earlier)
        return study

    def ensurePackages(self):
        """Install what the package needs and Slicer does not bundle, after asking the user."""
        from slicer.packaging import load_requirements, pip_ensure

        pip_ensure(load_requirements(Path(__file__).parent / "Resources" / "requirements.txt"), requester="QPerfusion")

    def _onRunEnded(self, run, job, parameters, finish):
        """Put the result into the scene, node by node, so that the window stays alive."""

        def breathe():
            slicer.app.processEvents()
            if run.cancelled:
                raise CancelledError

        try:
            t1Map, replace = job.study.t1_map, job.earlier is not None
            outcome = self.showResult(parameters, run.result(), t1Map, breathe, replace) if not run.cancelled else None
        except CancelledError:
            outcome = None
        except Exception as error:
            outcome = error
        finally:
            run.close()
            self.currentRun = None
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
        slicer.util.VTKObservationMixin.__init__(self)
        self.logic = None
        self.ui = None
        self._parameters = None
        self._guiTag = None
        self.results = None
        self.settingsPart = None
        self.runPart = None
        self.stages = None
        self.frames = None
        # Last: without a parent the base class calls setup() here.
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/QPerfusion.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = QPerfusionLogic()
        self.results = ResultsPart(
            self.ui, _Application, lambda: self._parameters, lambda: self.logic.settings(self._parameters)
        )
        self.settingsPart = SettingsPart(
            self.ui,
            lambda: self.logic.settings(self._parameters),
            lambda settings: self.logic.setSettings(self._parameters, settings),
            makeItem,
        )
        self.runPart = RunPart(self.ui, _Application, lambda: self._parameters, self.logic, self.results)
        self.stages = StagesPart(self.ui, _, self.results, self.runPart, makeItem)
        self.frames = FramesPart(self.ui, _Application, lambda: self._parameters, self.results, makeCell)
        self._connectButtons()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()

    def cleanup(self):
        self.onSceneStartClose(None, None)
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
        self.runPart.update()
        self.results.update()
        self.stages.update()
        self.frames.update()

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
        self.results.release()
        if parameters is not None:
            self.results.watch()
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
            self.onParametersModified()

    def onParametersModified(self, caller=None, event=None):
        self.runPart.update()
        if self.ui.outputFolderEdit.currentPath != self._parameters.outputFolder:
            self.ui.outputFolderEdit.currentPath = self._parameters.outputFolder
        self.settingsPart.update()
        self.results.update()
        self.stages.update()
        self.frames.update()

    def onOutputFolder(self, path):
        if self._parameters is not None:
            self._parameters.outputFolder = path

    def onGuess(self):
        self.runPart.guarded(_("A legacy MultiVolume could not be read."), self.logic.convertLegacyNodes)
        self.logic.fillInGuesses(self._parameters)

    def onSavePreset(self):
        path = qt.QFileDialog.getSaveFileName(None, _("Save settings"), "", _("Settings (*.json)"))
        if path:
            self.runPart.guarded(_("The settings could not be saved."), lambda: self.settingsPart.save(path))

    def onLoadPreset(self):
        path = qt.QFileDialog.getOpenFileName(None, _("Load settings"), "", _("Settings (*.json)"))
        if path:
            self.runPart.guarded(_("The settings could not be loaded."), lambda: self.settingsPart.load(path))

    def _connectButtons(self):
        self.ui.guessButton.connect("clicked(bool)", self.onGuess)
        self.ui.outputFolderEdit.connect("currentPathChanged(QString)", self.onOutputFolder)
        self.ui.savePresetButton.connect("clicked(bool)", self.onSavePreset)
        self.ui.loadPresetButton.connect("clicked(bool)", self.onLoadPreset)


class _Application:
    """What the parts of the panel need of Slicer."""

    scene = staticmethod(lambda: slicer.mrmlScene)
    logic = staticmethod(lambda: slicer.app.applicationLogic())
    text = staticmethod(_)
    is_checked = staticmethod(lambda item: item.checkState() == qt.Qt.Checked)
    later = staticmethod(qt.QTimer.singleShot)
    select_module = staticmethod(lambda name: slicer.util.selectModule(name))
    report = staticmethod(lambda text: slicer.util.errorDisplay(text, windowTitle=_("QPerfusion")))
    trying = staticmethod(slicer.util.tryWithErrorDisplay)


def makeItem(text, tip, editable):
    item = qt.QTableWidgetItem(text)
    item.setToolTip(tip)
    if not editable:
        item.setFlags(qt.Qt.ItemIsEnabled)
    return item


def makeCell(text, tip, editable, checked):
    item = makeItem(text, tip, editable)
    if checked is not None:
        item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
        item.setCheckState(qt.Qt.Checked if checked else qt.Qt.Unchecked)
    return item


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
