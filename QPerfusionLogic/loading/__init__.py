"""Loading: which series is what, its times, geometry and protocol; from DICOM, NIfTI and NRRD to a `PerfusionStudy`."""

from .logic import LoadingLogic
from .request import StudyRequest
from .summary import SeriesSummary, inspect

__all__ = ["LoadingLogic", "SeriesSummary", "StudyRequest", "inspect"]
