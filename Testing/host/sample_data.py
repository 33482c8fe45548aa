"""A stand-in for Slicer's module SampleData: sources are kept by category, a button per source loads it."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import slicer


class SampleDataSource:
    """A sample; as in the original all its lists have one length, and None is no list."""

    def __init__(
        self,
        sampleName: str | None = None,  # noqa: N803
        sampleDescription: str | None = None,  # noqa: N803
        uris: Any = None,
        fileNames: Any = None,  # noqa: N803
        nodeNames: Any = None,  # noqa: N803
        checksums: Any = None,
        loadFiles: Any = None,  # noqa: N803
        customDownloader: Callable[[Any], Any] | None = None,  # noqa: N803
        thumbnailFileName: str | None = None,  # noqa: N803
        loadFileTypes: Any = None,  # noqa: N803
    ) -> None:
        self.sampleName = sampleName
        self.sampleDescription = sampleName if sampleDescription is None else sampleDescription
        self.customDownloader = customDownloader
        self.thumbnailFileName = thumbnailFileName
        given = [uris, fileNames, nodeNames, checksums, loadFiles, loadFileTypes]
        if isinstance(uris, str):
            given = [[item] for item in given]
        elif isinstance(uris, list | tuple):
            given[2:5] = [[None] * len(uris) if item is None else item for item in given[2:5]]
            given[5] = given[5] if isinstance(given[5], list | tuple) else [given[5]] * len(uris)
        self.uris, self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes = given
        if len({len(item) for item in given}) != 1:
            raise ValueError("all fields of a sample must have the same length")

    def __eq__(self, other: object) -> bool:
        return str(vars(self)) == str(vars(other))

    __hash__ = None  # type: ignore[assignment]


class SampleDataLogic:
    """Keeps the sources."""

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **options: Any) -> None:  # noqa: N802
        # The category is made before the source is, and stays where that fails.
        sources = SampleDataLogic.sampleDataSourcesByCategory()
        sources.setdefault(category, [])
        source = SampleDataSource(**options)
        if not SampleDataLogic.isSampleDataSourceRegistered(category, source):
            sources[category].append(source)

    @staticmethod
    def sampleDataSourcesByCategory(category: str | None = None) -> Any:  # noqa: N802
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        return slicer.modules.sampleDataSources if category is None else slicer.modules.sampleDataSources[category]

    @staticmethod
    def isSampleDataSourceRegistered(category: str, source: Any) -> bool:  # noqa: N802
        return source in SampleDataLogic.sampleDataSourcesByCategory(category)

    def sourceForSampleName(self, name: str) -> Any:  # noqa: N802
        for sources in SampleDataLogic.sampleDataSourcesByCategory().values():
            for source in sources:
                if source.sampleName == name:
                    return source
        return None


def make_module() -> types.ModuleType:
    """Return the module SampleData."""
    module = types.ModuleType("SampleData")
    module.SampleDataSource, module.SampleDataLogic = SampleDataSource, SampleDataLogic  # type: ignore[attr-defined]
    return module
