"""The panel of QPerfusion in 3D Slicer: choose the series, run, look, edit, run again from there."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import qt
import slicer
import slicer.util
import vtk
from slicer.i18n import getContext, translate
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# From a source checkout the package lies beside the module's folder; once installed Slicer finds it by itself.
if (Path(__file__).resolve().parents[1] / "QPerfusionLogic").is_dir():
    sys.path[:] = dict.fromkeys([*sys.path, str(Path(__file__).resolve().parents[1])])

from QPerfusionLogic.errors import CancelledError, InputError, QPerfusionError
from QPerfusionLogic.mrml.study.input_guesses import guess
from QPerfusionLogic.panel import choices
from QPerfusionLogic.panel.coalesced import Coalesced
from QPerfusionLogic.panel.earlier_scenes import take_over_pre_bolus
from QPerfusionLogic.panel.export_part import ExportPart
from QPerfusionLogic.panel.frames_part import FramesPart
from QPerfusionLogic.panel.options import (
    default_of,
    options_of,
    settings_of_parameters,
    show_choice_names,
    update_parameter_node,
    uses_networks,
)
from QPerfusionLogic.panel.presets_part import PresetsPart
from QPerfusionLogic.panel.results_part import ResultsPart
from QPerfusionLogic.panel.run_part import RunPart
from QPerfusionLogic.panel.settings_part import SettingsPart
from QPerfusionLogic.panel.stages_part import StagesPart
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import translate_with
from QPerfusionLogic.workflow.background import BackgroundRun


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
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Offer the digital study in the Sample Data module; it is simulated here, nothing is downloaded."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="QPerfusion",
        sampleName="DigitalStressRest",
        # Slicer counts files to download: there are none, and it needs to know that.
        uris=[],
        fileNames=[],
        thumbnailFileName=str(Path(__file__).parent / "Resources" / "Icons" / "QPerfusion.png"),
        customDownloader=makeSample,
    )


def makeSample(source=None):
    """Open the panel and let it simulate the digital study."""
    slicer.util.selectModule("QPerfusion")
    panel = slicer.util.getModuleWidget("QPerfusion")
    # A panel that could not be set up says why itself.
    if panel.isSetUp:
        panel.runPart.make_digital_patient()


OLDEST_SLICER = (5, 12)


def unsupportedSlicerMessage():
    """Return why this version of Slicer cannot run the module, "" when it can."""
    version = slicer.app.majorVersion, slicer.app.minorVersion
    if version >= OLDEST_SLICER:
        return ""
    return _(
        "This is Slicer {version}. QPerfusion needs Slicer {oldest} or later: it brings pydicom 3, installs packages "
        "and runs processes beside the window. Install the current Slicer from slicer.org."
    ).format(version="{}.{}".format(*version), oldest="{}.{}".format(*OLDEST_SLICER))


def translated(file, text):
    """Translate a text of the package; Slicer's translators find it under the name of the file that it stands in."""
    return translate(getContext(file), text)


@parameterNodeWrapper
class QPerfusionParameterNode:
    """What the user chose; lives in the scene.

    The settings are those of the package (`QPerfusionLogic.settings`): five have widgets of their own, the others are
    kept in `changes` as JSON, "stage.field" -> text, where they differ from the defaults. A choice between classes of
    nodes names None too: the wrapper writes None as the default, and a union does not take it by itself.
    """

    stressSeries: slicer.vtkMRMLSequenceNode
    stressAif: slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode | None
    stressMask: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode | None
    restSeries: slicer.vtkMRMLSequenceNode
    restAif: slicer.vtkMRMLSequenceNode | slicer.vtkMRMLTableNode | None
    restMask: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode | None
    t1Map: slicer.vtkMRMLScalarVolumeNode
    stressPreBolus: slicer.vtkMRMLSequenceNode
    restPreBolus: slicer.vtkMRMLSequenceNode
    superresolutionMode: Annotated[str, Choice(options_of("superresolution.mode"))] = default_of("superresolution.mode")
    registrationMode: Annotated[str, Choice(options_of("registration.mode"))] = default_of("registration.mode")
    aifMode: Annotated[str, Choice(options_of("aif.mode"))] = default_of("aif.mode")
    conversionMode: Annotated[str, Choice(options_of("conversion.mode"))] = default_of("conversion.mode")
    kineticModel: Annotated[str, Choice(options_of("kinetics.model"))] = default_of("kinetics.model")
    hematocrit: Annotated[float, WithinRange(0.2, 0.6)] = default_of("kinetics.hematocrit")
    changes: str = "{}"
    outputFolder: str = ""
    studyName: str = ""
    keepEarlier: bool = True


class QPerfusionLogic(ScriptedLoadableModuleLogic):
    """A thin facade over the package: nodes to study, study to nodes, and the run in between.

    A study in five lines of the Python console: Documentation/slicer.md.
    """

    torchOffered = False

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.currentRun = None

    def getParameterNode(self):
        node = super().getParameterNode()
        parameters = QPerfusionParameterNode(node)
        take_over_pre_bolus(node, parameters)
        return parameters

    def fillInGuesses(self, parameters):
        """Choose the inputs that are still empty from what their names and contents show."""
        from QPerfusionLogic.mrml.study.candidates import input_candidates

        for name, node in guess(input_candidates(slicer.mrmlScene)).items():
            if getattr(parameters, name) is None:
                setattr(parameters, name, node)

    def convertLegacyNodes(self):
        """Add a sequence for every MultiVolume node that has none yet."""
        from QPerfusionLogic.mrml.nodes.multivolume import add_sequence_of, legacy_nodes

        for node in legacy_nodes(slicer.mrmlScene):
            add_sequence_of(slicer.mrmlScene, node)

    def validationMessage(self, parameters):
        """Return why these parameters cannot be run, "" when they can."""
        return choices.validation_message(
            parameters.stressSeries,
            parameters.restSeries,
            {"AIF": parameters.stressAif, "mask": parameters.stressMask, "pre-bolus": parameters.stressPreBolus},
            {"AIF": parameters.restAif, "mask": parameters.restMask, "pre-bolus": parameters.restPreBolus},
        )

    def settings(self, parameters):
        """Return the settings of the package that these parameters mean."""
        return settings_of_parameters(parameters)

    def setSettings(self, parameters, settings):
        """Let these parameters mean the given settings."""
        update_parameter_node(parameters, settings)

    def job(self, parameters, resumeFrom="", stopAfter=""):
        """Return the job of a first run, or of one that resumes from a result in the scene with the user's edits."""
        from QPerfusionLogic.mrml.study.reading import StateNodes, study_from_scene
        from QPerfusionLogic.pipeline.job import Job

        settings = self.settings(parameters).as_dictionary()
        if resumeFrom:
            from QPerfusionLogic.mrml.study.resuming import job_to_resume

            name, folder = parameters.studyName, parameters.outputFolder
            return job_to_resume(slicer.mrmlScene, name, settings, folder, resumeFrom, stopAfter)
        study = study_from_scene(
            StateNodes(parameters.stressSeries, parameters.stressAif, parameters.stressMask, parameters.stressPreBolus),
            StateNodes(parameters.restSeries, parameters.restAif, parameters.restMask, parameters.restPreBolus),
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
        self.offerTorch(self.settings(parameters))
        job = self.job(parameters, resumeFrom, stopAfter)
        progress = onProgress or (lambda fraction, message: None)
        if waitForCompletion:
            from QPerfusionLogic.progress import Progress
            from QPerfusionLogic.workflow.job_process import run_job

            result = run_job(job, Progress(progress))
            return self.showResult(parameters, result, job.study.t1_map, replace=bool(resumeFrom))
        replace = job.earlier is not None
        show = lambda result: self.showResult(parameters, result, job.study.t1_map, self._process_events, replace)  # noqa: E731
        self._runInBackground(job, progress, onEnd or (lambda outcome: None), show)
        return None

    def export(self, parameters, folder, dicom, onProgress, onEnd):
        """Write the study `parameters.studyName` to a folder in the background: report, NRRD, CSV, and DICOM objects.

        `onEnd` is called with the folder, None after a cancel, or the exception that ended it.
        """
        from QPerfusionLogic.mrml.study.resuming import job_to_export

        self.ensurePackages()
        job = job_to_export(slicer.mrmlScene, parameters.studyName, self.settings(parameters), folder, dicom)
        self._runInBackground(job, onProgress, onEnd, lambda result: folder)

    def makeDigitalPatient(self, parameters, onProgress, onEnd):
        """Simulate a small study in the background and choose its series; `onEnd` as in `export`, with the nodes."""
        from QPerfusionLogic.data.study import PerfusionStudy
        from QPerfusionLogic.mrml.study.study_inputs import add_acquisitions
        from QPerfusionLogic.pipeline.job import Job

        def show(result):
            nodes = add_acquisitions(slicer.mrmlScene, result)
            self.fillInGuesses(parameters)
            return nodes

        self.ensurePackages()
        self._runInBackground(Job(PerfusionStudy(), digital_patient=True), onProgress, onEnd, show)

    def _runInBackground(self, job, onProgress, onEnd, show):
        """Run a job; `show` takes its result into the scene and returns what `onEnd` is reported.

        Raises
        ------
        InputError
            When a run is still going on.
        """
        if self.currentRun is not None:
            raise InputError(_("a run that is still going on"), action=_("wait for its end, or cancel it"))
        self.currentRun = BackgroundRun(
            job, launchInBackground, qt.QTimer.singleShot, onProgress, lambda run: self._onRunEnded(run, show, onEnd)
        )

    def cancel(self):
        """End the background run, if there is one."""
        if self.currentRun is not None:
            self.currentRun.cancel()

    def showResult(self, parameters, result, t1Map=None, process_events=None, replace=False):
        """Put a result into the scene as the study to look at; `replace`: instead of the one it was computed from,
        unless the user keeps that."""
        from QPerfusionLogic.mrml.study.filling import fill_scene, remove_study

        earlier = parameters.studyName
        study = fill_scene(slicer.mrmlScene, result, t1_map=t1Map, process_events=process_events)
        parameters.studyName = study.name
        if replace and not parameters.keepEarlier:
            remove_study(slicer.mrmlScene, earlier)
        return study

    def ensurePackages(self):
        """Install what the package needs and Slicer does not bundle, after asking the user."""
        if unsupportedSlicerMessage():
            raise QPerfusionError(unsupportedSlicerMessage())
        from slicer.packaging import load_requirements, pip_ensure

        pip_ensure(load_requirements(Path(__file__).parent / "Resources" / "requirements.txt"), requester="QPerfusion")

    def offerTorch(self, settings):
        """Offer once to install PyTorch where the run would use networks and the PyTorch extension is there.

        Without it the run goes on with other methods, and its notices say what that costs.
        """
        from QPerfusionLogic.networks.packages import missing_packages

        missing = "torch" in missing_packages() and uses_networks(settings)
        if self.torchOffered or not missing or slicer.app.testingEnabled():
            return
        try:
            import PyTorchUtils
        except ImportError:
            return
        type(self).torchOffered = True
        try:
            PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=">=2.6")
        except Exception:
            logging.exception("PyTorch could not be installed; the run goes on without it.")

    def _process_events(self):
        """Keep the window alive between nodes, and stop when the user cancels."""
        slicer.app.processEvents()
        if self.currentRun is not None and self.currentRun.cancelled:
            raise CancelledError

    def _onRunEnded(self, run, show, finish):
        try:
            outcome = None if run.cancelled else show(run.result())
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
        self.isSetUp = False
        self.results = self.settingsPart = self.runPart = None
        self.stages = self.frames = self.presets = None
        self._nodesChanged = Coalesced(qt.QTimer.singleShot, self._showStudies)
        # Last: without a parent the base class calls setup() here.
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        translate_with(translated)
        if unsupportedSlicerMessage():
            self.layout.addWidget(makeLabel(unsupportedSlicerMessage()))
            return
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/QPerfusion.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = QPerfusionLogic()
        self._makeParts(lambda: self._parameters, lambda: self.logic.settings(self._parameters))
        self.ui.guessButton.connect("clicked(bool)", self.onGuess)
        self.ui.outputFolderEdit.connect("currentPathChanged(QString)", self.onOutputFolder)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        for event in (slicer.mrmlScene.EndCloseEvent, slicer.mrmlScene.EndImportEvent):
            self.addObserver(slicer.mrmlScene, event, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()
        self.isSetUp = True

    def _makeParts(self, parameters, settings):
        change = lambda changed: self.logic.setSettings(self._parameters, changed)  # noqa: E731
        self.results = ResultsPart(self.ui, _Application, parameters, settings)
        self.settingsPart = SettingsPart(self.ui, settings, change, makeItem, makeHeading)
        self.runPart = RunPart(self.ui, _Application, parameters, self.logic, self.results)
        self.stages = StagesPart(self.ui, self.results, self.runPart, makeItem)
        self.presets = PresetsPart(self.ui, _Application, self.settingsPart, self.runPart)
        self.runPart.others.append(ExportPart(self.ui, _Application, self.results, self.runPart))
        self.frames = FramesPart(self.ui, _Application, parameters, self.results, makeItem)

    def cleanup(self):
        if self.runPart is not None:
            self.runPart.close()
        if self.results is not None:
            self.results.curves.close()
        self.onSceneStartClose(None, None)
        self.removeObservers()

    def enter(self):
        # What was missing when setup() failed has been reported there; it would only be reported once more.
        if self.isSetUp:
            self.initializeParameterNode()

    def exit(self):
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event):
        if self.logic is not None:
            self.logic.cancel()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        # A panel that nobody looks at takes the scene when it is entered, as Slicer's own modules do.
        if self.isSetUp and self._isEntered():
            self.initializeParameterNode()

    def _isEntered(self):
        """Return whether the user looks at the panel; one that a script made, in a widget of its own, always counts."""
        return getattr(self.parent, "isEntered", True)

    def onNodeRemoved(self, caller, event):
        self.runPart.update()
        self._nodesChanged()

    def _showStudies(self):
        """Show the studies, stages and frames that there are now."""
        if self._parameters is not None:
            for part in (self.results, self.stages, self.frames):
                part.update()

    def onReload(self):
        """Reload the package too, so that an edit anywhere in it is seen; the old one stays where the new one fails."""
        package = _takePackage()
        try:
            ScriptedLoadableModuleWidget.onReload(self)
        except Exception:
            _takePackage()
            sys.modules.update(package)
            raise

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())
        self.logic.fillInGuesses(self._parameters)

    def setParameterNode(self, parameters):
        """Show other parameters, or none."""
        if self._parameters is not None:
            self._parameters.disconnectGui(self._guiTag)
            watched = self._parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified
            if self.hasObserver(*watched):
                self.removeObserver(*watched)
        self._parameters = parameters
        if self.results is not None:
            self.results.release()
        if parameters is not None:
            self.results.watch()
            self._guiTag = parameters.connectGui(self.ui)
            # The connector has filled the boxes with values as they are typed; it reads and writes them by their index.
            show_choice_names(self.ui)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
            self.onParametersModified()

    def onParametersModified(self, caller=None, event=None):
        self.runPart.update()
        if self.ui.outputFolderEdit.currentPath != self._parameters.outputFolder:
            self.ui.outputFolderEdit.currentPath = self._parameters.outputFolder
        self.settingsPart.update()
        self.presets.update()
        self._showStudies()

    def onOutputFolder(self, path):
        if self._parameters is not None:
            self._parameters.outputFolder = path

    def onGuess(self):
        self.runPart.guarded(_("A legacy MultiVolume could not be read."), self.logic.convertLegacyNodes)
        self.logic.fillInGuesses(self._parameters)


def _takePackage():
    """Take the modules of the package, and this file, out of those that are loaded, and return them by name."""
    ours = ("QPerfusion", "QPerfusionLogic")
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in ours}


JSON = "Settings (*.json)"


class _Application:
    """What the parts of the panel need of Slicer."""

    scene = staticmethod(lambda: slicer.mrmlScene)
    logic = staticmethod(lambda: slicer.app.applicationLogic())
    is_checked = staticmethod(lambda item: item.checkState() == qt.Qt.Checked)
    later = staticmethod(qt.QTimer.singleShot)
    select_module = staticmethod(lambda name: slicer.util.selectModule(name))
    launch = staticmethod(lambda *arguments: launchInBackground(*arguments))

    @staticmethod
    def view_area():
        """Return width and height of the area of all views, None without a main window."""
        manager = slicer.app.layoutManager()
        viewport = manager.viewport() if manager is not None else None
        return (int(viewport.width), int(viewport.height)) if viewport is not None else None

    @staticmethod
    def hide_view_controllers(names):
        """Hide the bars above slice views that there are."""
        manager = slicer.app.layoutManager()
        widgets = [manager.sliceWidget(name) for name in names] if manager is not None else []
        for widget in widgets:
            if widget is not None:
                widget.sliceController().setVisible(False)

    @staticmethod
    def report(text, details=""):
        """Show an error; what a developer needs to know is behind a button."""
        behind = {"detailedText": details} if details else {}
        slicer.util.errorDisplay(text, windowTitle=_("QPerfusion"), **behind)

    presets_folder = staticmethod(lambda: str(Path(slicer.app.slicerUserSettingsFilePath).parent / "QPerfusion"))
    ask_folder = staticmethod(lambda title: qt.QFileDialog.getExistingDirectory(None, title))
    ask_file_to_save = staticmethod(lambda title, folder: qt.QFileDialog.getSaveFileName(None, title, folder, JSON))
    ask_file_to_open = staticmethod(lambda title, folder: qt.QFileDialog.getOpenFileName(None, title, folder, JSON))


def makeLabel(text):
    label = qt.QLabel(text)
    label.wordWrap = True
    return label


def makeHeading(text):
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled)
    font = item.font()
    font.setBold(True)
    item.setFont(font)
    return item


def makeItem(text, tip, editable, checked=None):
    item = qt.QTableWidgetItem(text)
    item.setToolTip(tip)
    if checked is not None:
        item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
        item.setCheckState(qt.Qt.Checked if checked else qt.Qt.Unchecked)
    elif not editable:
        item.setFlags(qt.Qt.ItemIsEnabled)
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
        assert "series" in logic.validationMessage(logic.getParameterNode())

    def test_settings_survive_in_the_parameter_node(self):
        logic = QPerfusionLogic()
        settings = Settings().with_value("kinetics.model", "btex").with_value("conversion.t1_blood_s", 1.6)
        logic.setSettings(logic.getParameterNode(), settings)
        assert QPerfusionLogic().settings(logic.getParameterNode()) == settings
