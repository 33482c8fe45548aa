"""Stand-ins for Slicer's DICOMLib and DICOM database, enough for a reading plugin."""

from __future__ import annotations

import sys
import types
from typing import Any

import slicer


class DICOMLoadable:
    """What a plugin offers to load."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.name = "Unknown"
        self.tooltip = ""
        self.warning = ""
        self.selected = False
        self.confidence = 0.5


class DICOMPlugin:
    """Base of the plugins: a cache of loadables, and tags by name."""

    def __init__(self) -> None:
        self.loadType = ""
        self.tags = {"seriesDescription": "0008,103E", "seriesNumber": "0020,0011"}
        self.in_hierarchy: list[Any] = []
        self._cache: dict[tuple[str, ...], list[DICOMLoadable]] = {}

    def getCachedLoadables(self, files: list[str]) -> list[DICOMLoadable] | None:  # noqa: N802
        return self._cache.get(tuple(files))

    def cacheLoadables(self, files: list[str], loadables: list[DICOMLoadable]) -> None:  # noqa: N802
        self._cache[tuple(files)] = loadables

    def addSeriesInSubjectHierarchy(self, loadable: DICOMLoadable, node: Any) -> None:  # noqa: N802
        self.in_hierarchy.append(node)


class Database:
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
    slicer.dicomDatabase = Database()
