"""Stand-ins for Slicer's DICOMLib and DICOM database, enough for a reading plugin."""

from __future__ import annotations

import hashlib
import sys
import types
from typing import Any

import slicer


class DICOMLoadable:
    """What a plugin offers to load."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.name = "Unknown"
        self.tooltip = "No further information available"
        self.warning = ""
        self.selected = False
        self.confidence = 0.5


class DICOMPlugin:
    """Base of the plugins: a cache of loadables by the names of their files, and tags by name."""

    def __init__(self) -> None:
        self.loadType = "Generic DICOM"
        self.loadableCache: dict[bytes, list[DICOMLoadable]] = {}
        self.tags = {
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "frameOfReferenceUID": "0020,0052",
            "seriesInstanceUID": "0020,000E",
            "modality": "0008,0060",
            "instanceUID": "0008,0018",
            "sopClassUID": "0008,0016",
        }

    def hashFiles(self, files: list[str]) -> bytes:  # noqa: N802
        return hashlib.md5("".join(files).encode(), usedforsecurity=False).digest()

    def getCachedLoadables(self, files: list[str]) -> list[DICOMLoadable] | None:  # noqa: N802
        return self.loadableCache.get(self.hashFiles(files))

    def cacheLoadables(self, files: list[str], loadables: list[DICOMLoadable]) -> None:  # noqa: N802
        self.loadableCache[self.hashFiles(files)] = loadables

    def examineForImport(self, fileList: list[list[str]]) -> list[DICOMLoadable]:  # noqa: N802, N803
        found = []
        for files in fileList:
            cached = self.getCachedLoadables(files)
            if cached is None:
                cached = self.examineFiles(files)
                self.cacheLoadables(files, cached)
            found += cached
        return found

    def examineFiles(self, files: list[str]) -> list[DICOMLoadable]:  # noqa: N802
        return []

    def load(self, loadable: DICOMLoadable) -> Any:
        return True

    def addSeriesInSubjectHierarchy(self, loadable: DICOMLoadable, dataNode: Any) -> None:  # noqa: N802, N803
        """Put a node below its study and patient, whose item shows the patient's name."""

        def value(tag: str) -> str:
            return slicer.dicomDatabase.fileValue(loadable.files[0], tag)

        names = slicer.vtkMRMLSubjectHierarchyConstants
        tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = tree.CreateItem(tree.GetSceneItemID(), dataNode)
        series, study, patient = value("0020,000E"), value("0020,000D"), value("0010,0020")
        tree.SetItemUID(item, names.GetDICOMUIDName(), series)
        slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy(tree, patient, study, series)
        above = tree.GetItemByUID(names.GetDICOMUIDName(), patient)
        tree.SetItemAttribute(above, names.GetDICOMPatientNameAttributeName(), value("0010,0010"))
        tree.SetItemName(above, f"{value('0010,0010')} ({patient})")


class ctkDICOMDatabase:  # noqa: N801
    """Answers tag queries from the files, as text."""

    def fileValue(self, file: str, tag: str) -> str:  # noqa: N802
        import pydicom

        group, element = (int(part, 16) for part in tag.split(","))
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[(group, element)])
        found = header.get((group, element))
        if found is None:
            return ""
        value = found.value
        return (
            "\\".join(str(part) for part in value) if isinstance(value, (list, tuple)) or found.VM > 1 else str(value)
        )


def install() -> None:
    """Offer the stand-ins where the plugin looks for them."""
    module = types.ModuleType("DICOMLib")
    module.DICOMLoadable, module.DICOMPlugin = DICOMLoadable, DICOMPlugin  # type: ignore[attr-defined]
    sys.modules["DICOMLib"] = module
    slicer.dicomDatabase = ctkDICOMDatabase()
