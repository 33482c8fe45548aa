"""Slicer's DICOM browser loads perfusion series of the three vendors as sequences with their times."""

import logging

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

MINIMUM_FILES = 8
"""Fewer images can be a T1 map but not a first pass; below this only descriptions that name one are looked at."""


class DICOMQPerfusionPluginClass(DICOMPlugin):
    """Recognises stress, rest, AIF and pre-bolus series and T1 maps."""

    def __init__(self):
        super().__init__()
        self.loadType = _("Myocardial perfusion")
        self.tags["modality"] = "0008,0060"
        self.tags["imagePosition"] = "0020,0032"

    def examineForImport(self, fileLists):
        """Return what can be loaded from each list of files."""
        loadables = []
        for files in fileLists:
            cached = self.getCachedLoadables(files)
            if cached is None:
                cached = self.examineFiles(files)
                self.cacheLoadables(files, cached)
            loadables += cached
        return loadables

    def examineFiles(self, files):
        """Return the loadables of the files of one series; none when they are no perfusion series."""
        if not self.isWorthReading(files):
            return []
        from QPerfusionLogic.io.study.picked_files import find_series

        loadables = []
        for found in find_series(files):
            loadable = DICOMLoadable()
            loadable.files = files
            loadable.name = found.title
            loadable.tooltip = f"{found.frames} frames, {found.slices} slices: {found.reason}"
            loadable.selected = True
            loadable.confidence = 0.95
            loadables.append(loadable)
        return loadables[:1]

    def isWorthReading(self, files):
        """Report from the browser's database alone whether these files may be images over time, or a T1 map."""
        database = slicer.dicomDatabase
        if not files or database.fileValue(files[0], self.tags["modality"]) != "MR":
            return False
        if "t1" in database.fileValue(files[0], self.tags["seriesDescription"]).lower():
            return True
        positions = {database.fileValue(file, self.tags["imagePosition"]) for file in files}
        return len(files) >= MINIMUM_FILES and len(files) >= 2 * len(positions)

    def load(self, loadable):
        """Put the series of a loadable into the scene; returns False when nothing could be loaded."""
        from QPerfusionLogic.errors import QPerfusionError
        from QPerfusionLogic.io.study.picked_files import read_series
        from QPerfusionLogic.mrml.nodes.hierarchy import put_beside
        from QPerfusionLogic.mrml.study.study_inputs import add_input, helpers_of

        try:
            content = read_series(loadable.files)
        except QPerfusionError as error:
            logging.error(str(error))
            return False
        for number, (name, series) in enumerate(content):
            node = add_input(slicer.mrmlScene, loadable.name if number == 0 else name, series)
            self.addSeriesInSubjectHierarchy(loadable, node)
            put_beside(slicer.mrmlScene, node, *helpers_of(slicer.mrmlScene, node))
        return bool(content)


class DICOMQPerfusionPlugin:
    """The hook by which Slicer finds the plugin; it has no panel of its own."""

    def __init__(self, parent):
        parent.title = "DICOM QPerfusion Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The QPerfusion developers"]
        parent.helpText = "Loads perfusion series in the DICOM module. No module interface here."
        parent.acknowledgementText = ""
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["DICOMQPerfusionPlugin"] = DICOMQPerfusionPluginClass
