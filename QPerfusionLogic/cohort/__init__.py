"""Many studies: a manifest with one study a row, quantified side by side on Dask."""

from .manifest import Manifest, StudyRow, WrongRow, read_manifest
from .running import CohortResult, run_cohort

__all__ = ["CohortResult", "Manifest", "StudyRow", "WrongRow", "read_manifest", "run_cohort"]
