"""From maps and curves to a reading: segment table, reserve, report page, DICOM objects."""

from .dicom_export import export_dicom
from .report import Report, SegmentRow
from .reporting_logic import ReportingLogic
from .reserve import Comparability, compare_states, mpr_map

__all__ = ["Comparability", "Report", "ReportingLogic", "SegmentRow", "compare_states", "export_dicom", "mpr_map"]
