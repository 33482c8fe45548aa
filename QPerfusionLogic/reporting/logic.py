"""Entry point of reporting: a study result in, a report out."""

from __future__ import annotations

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.pipeline.comparability import comparability
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.reporting.html.map_sections import flow_pictures
from QPerfusionLogic.reporting.html.page import page
from QPerfusionLogic.reporting.tables.quality_notices import quality_notices
from QPerfusionLogic.reporting.tables.report import Report
from QPerfusionLogic.reporting.tables.segment_table import segment_rows, segments_csv, with_flags
from QPerfusionLogic.reporting.tables.verdict import judge
from QPerfusionLogic.settings.schema import ReportingSettings


class ReportingLogic:
    """Turn the result of the pipeline into a page, a table and pictures; nothing is written to disk.

    Parameters
    ----------
    settings : ReportingSettings
        Title and thresholds.
    """

    def __init__(self, settings: ReportingSettings | None = None) -> None:
        self.settings = settings or ReportingSettings()

    def run(self, study: StudyResult, progress: Progress | None = None) -> Report:
        """Return the report of a study; stages that were not run leave their part out.

        Parameters
        ----------
        study : StudyResult
            After the pipeline, with stress, rest or both.
        progress : Progress, optional
            Updated after every part; raises `CancelledError` after a cancel.
        """
        progress = progress or Progress()
        notices = _all_notices(study)
        verdict = judge(study, notices)
        rows = with_flags(segment_rows(study), verdict.withheld)
        progress.update(0.2, "segment table")
        pictures = flow_pictures(study)
        progress.update(0.6, "maps drawn")
        html = page(study, rows, pictures, notices, self.settings, verdict)
        progress.update(1.0, "report ready")
        return Report(html, rows, segments_csv(rows), pictures, notices, verdict)


def _all_notices(study: StudyResult) -> tuple[Notice, ...]:
    """Return the study's notices and those of reporting, each (code, state) of reporting once."""
    check = comparability(study)
    added = (*(check.notices() if check is not None else ()), *quality_notices(study))
    known = {(item.code, item.state) for item in study.notices}
    return (*study.notices, *(item for item in added if (item.code, item.state) not in known))
