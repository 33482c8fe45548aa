"""One study from its files to its output folder: load, run the pipeline, report, write."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from QPerfusionLogic.aif.unused_inputs import refuse_unused
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.study import PerfusionStudy, T1Map
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.io.files.output_folder import holding, writing
from QPerfusionLogic.io.results.checksums import stage_of, write_checksums
from QPerfusionLogic.io.results.run_inputs import refuse_other_inputs, with_earlier_inputs, write_run_inputs
from QPerfusionLogic.io.results.writer import OWNED, write_json, write_result
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.pipeline.earlier_result import read_earlier_result
from QPerfusionLogic.pipeline.pipeline import Pipeline, stages_between
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import STAGES, Settings, StageName


def quantify(
    study: StudyRequest | PerfusionStudy | Path | str,
    output: Path | str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    resume_from: StageName = "",
    stop_after: StageName = "",
) -> StudyResult:
    """Quantify a study, from its files or as it was loaded, and write its output folder when one is named.

    Parameters
    ----------
    study : StudyRequest, PerfusionStudy, Path or str
        Which files to read, a DICOM folder that holds them all, or what `load` returned. A loaded study does not know
        its files: DICOM objects get new identifiers, and a run that is resumed has to be given the study again.
    output : Path or str, optional
        Folder to write; complete at the end or untouched.
    settings : Settings, optional
        Defaults where absent.
    progress : Progress, optional
        Progress and cancel.
    resume_from, stop_after : str
        Stage names; with `resume_from` the earlier stages are read from `output`, with the user's edits.

    Returns
    -------
    StudyResult
        Result of every stage of every state, with all notices; what was written.

    Raises
    ------
    InputError
        When input, settings or output cannot be used; `output` is then as it was.
    CancelledError
        After a cancel; `output` is then as it was.

    Examples
    --------
    A study without a state has no result; see the README for one from a DICOM folder.

    >>> quantify(PerfusionStudy()).states
    {}
    """
    settings = settings or Settings()
    progress = progress or Progress()
    stages_between(resume_from, stop_after)
    if output is None:
        if resume_from:
            raise SettingsError(
                f"a run from {resume_from} without an output folder", expected="that of the earlier run"
            )
        return _quantify(study, None, settings, progress, resume_from, stop_after)
    with holding(Path(output)) as place:
        return _quantify(study, place, settings, progress, resume_from, stop_after)


def _quantify(
    study: StudyRequest | PerfusionStudy | Path | str,
    output: Path | None,
    settings: Settings,
    progress: Progress,
    resume_from: StageName,
    stop_after: StageName,
) -> StudyResult:
    stages = stages_between(resume_from, stop_after)
    loaded, given = _loaded(study, settings, progress.part(0.0, 0.1), output if resume_from else None)
    refuse_unused(loaded, settings, given)
    earlier = read_earlier_result(output, loaded, settings.segmentation) if output is not None and resume_from else None
    if earlier is not None:
        refuse_other_inputs(loaded, earlier.provenance, resume_from)
    result = Pipeline(settings).run(loaded, progress.part(0.1, 0.85), earlier, resume_from, stop_after)
    if earlier is not None:
        result = _with_edits(result, earlier, resume_from)
    if output is None:
        return result
    writing_progress = progress.part(0.85, 1.0)
    return write_study(result, output, settings, writing_progress, "reporting" in stages, given, loaded.t1_map)


def _with_edits(result: StudyResult, earlier: StudyResult, resume_from: StageName) -> StudyResult:
    """Return the result with what was edited in the files of the earlier stages, in provenance and notices."""
    before = STAGES[: STAGES.index(resume_from)]
    edited = [path for path in earlier.provenance["edited"] if stage_of(path) in ("", *before)]
    of_study = [item for item in earlier.notices if item.code == "files-edited" and not item.state]
    provenance = {**result.provenance, **({"edited": edited} if edited else {})}
    notices = tuple(dict.fromkeys((*result.notices, *of_study)))
    return dataclasses.replace(result, provenance=provenance, notices=notices)


def _loaded(
    study: StudyRequest | PerfusionStudy | Path | str, settings: Settings, progress: Progress, earlier: Path | None
) -> tuple[PerfusionStudy, dict[str, Path]]:
    """Return the study, read from its files unless it is loaded, and the files it was read from."""
    progress.update(0.0, "loading")
    if isinstance(study, PerfusionStudy):
        return study, {}
    request = study if isinstance(study, StudyRequest) else StudyRequest(study=Path(study))
    if earlier is not None:
        request = with_earlier_inputs(request, earlier)
    return LoadingLogic(settings.loading).run(request, progress), request.given


def write_study(
    result: StudyResult,
    output: Path,
    settings: Settings,
    progress: Progress | None = None,
    report: bool = True,
    inputs: Mapping[str, Path] | None = None,
    t1_map: T1Map | None = None,
) -> StudyResult:
    """Write a study result, its report, its scene and DICOM objects when asked for; returns it with all notices.

    `inputs` are the files and folders it was read from, by field of `StudyRequest`: DICOM objects take their patient
    and study from them, and a resumed run reads them again. The native `t1_map` goes into the scene, so that a run can
    go on from there.
    """
    from QPerfusionLogic.mrml.availability import can_make_scenes

    progress = progress or Progress()
    sources = tuple((inputs or {}).values())
    with writing(output, OWNED) as beside:
        with_scene = report and can_make_scenes()
        if report:
            result = _write_report(result, beside, settings, progress.part(0.0, 0.3), sources)
            result = result if with_scene else _without_scene(result)
        progress.update(0.3, "writing images")
        write_result(result, beside)
        if inputs:
            write_run_inputs(inputs, beside, output)
        if with_scene:
            progress.update(0.6, "writing the scene")
            _write_scene(result, beside, t1_map)
        write_checksums(beside)
        progress.update(1.0, "written")
    return result


def _write_report(
    result: StudyResult, folder: Path, settings: Settings, progress: Progress, sources: tuple[Path, ...]
) -> StudyResult:
    from QPerfusionLogic.reporting.logic import ReportingLogic
    from QPerfusionLogic.reporting.tables.segment_table import without_withheld

    report = ReportingLogic(settings.reporting).run(result, progress)
    result = dataclasses.replace(result, notices=tuple(dict.fromkeys((*result.notices, *report.notices))))
    (folder / "report.html").write_text(report.html, encoding="utf-8")
    (folder / "segments.csv").write_text(report.segments_csv, encoding="utf-8")
    write_json(folder / "verdict.json", report.verdict.as_dictionary())
    if settings.reporting.dicom:
        from QPerfusionLogic.reporting.dicom.dicom_export import export_dicom

        rows = without_withheld(report.rows, report.verdict.withheld)
        notices = export_dicom(result, rows, folder / "dicom", sources, progress)
        result = dataclasses.replace(result, notices=(*result.notices, *notices))
    return result


def _without_scene(result: StudyResult) -> StudyResult:
    """Return the result with the notice that says why there is no study.mrb."""
    notice = Notice.of(
        "scene-not-written",
        "study.mrb was not written: slicer-core is not installed",
        'pip install "qperfusion[slicer]"',
        stage="reporting",
    )
    return dataclasses.replace(result, notices=(*result.notices, notice))


def _write_scene(result: StudyResult, folder: Path, t1_map: T1Map | None) -> None:
    from QPerfusionLogic.mrml.headless import new_scene
    from QPerfusionLogic.mrml.scene_files import save_scene
    from QPerfusionLogic.mrml.study.filling import fill_scene

    scene = new_scene()
    fill_scene(scene, result, t1_map=t1_map)
    save_scene(scene, folder / "study.mrb")
    scene.Clear(1)
