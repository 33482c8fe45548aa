"""`qperfusion superresolve IN OUT`: series files, DICOM studies or folders of series files, at full resolution."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import Superresolved
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.errors import InputError, SettingsError
from QPerfusionLogic.io.files.file_names import stem_of
from QPerfusionLogic.io.files.nrrd_files import write_map, write_sequence
from QPerfusionLogic.io.files.output_folder import writing_file
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings, SuperresolutionSettings
from QPerfusionLogic.superresolution.logic import SuperresolutionLogic
from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from

SUFFIXES = (".seq.nrrd", ".nrrd", ".nii.gz", ".nii")


@dataclass(frozen=True)
class Outcome:
    """A written series and the warnings about it; remarks are in its JSON file."""

    path: Path
    notices: tuple[Notice, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to a parser."""
    parser.add_argument("input", type=Path, metavar="IN", help="series file, DICOM folder, or folder of series files")
    parser.add_argument("output", type=Path, metavar="OUT", help="FILE.seq.nrrd for one series, else a folder")


def run(options: argparse.Namespace, settings: Settings, progress: Progress) -> Iterator[Outcome]:
    """Load, super-resolve and write every series; yield each as soon as it is written.

    Raises
    ------
    InputError
        When there is no series, or one of them cannot be super-resolved.
    """
    chosen = settings.superresolution
    if chosen.mode == "none":
        chosen = dataclasses.replace(chosen, mode="residual_bridge")
    series = _loaded(options.input, settings, progress.part(0.0, 0.1))
    paths = _outputs(options.output, list(series))
    for index, (name, one) in enumerate(series.items()):
        part = progress.part(0.1 + 0.9 * index / len(series), 0.1 + 0.9 * (index + 1) / len(series))
        found = SuperresolutionLogic(chosen).resolve(one, part)
        write_superresolved_series(found, paths[name], chosen)
        warnings = tuple(notice for notice in found.series.notices if notice.severity is not Severity.NOTE)
        yield Outcome(paths[name], warnings)


def write_superresolved_series(found: Superresolved, path: Path, settings: SuperresolutionSettings) -> None:
    """Write the series (proton-density frames first), its spread and a JSON file with protocol and provenance."""
    stem = stem_of(path)
    write_sequence(path, *_with_density(found.series), found.series.geometry)
    if np.isfinite(found.spread).any():
        write_map(path.with_name(f"{stem}-spread.nrrd"), found.spread, found.series.geometry)
    protocol = {name: value for name, value in vars(found.series.protocol).items() if value is not None}
    content = {
        **protocol,
        "superresolution": {
            "research_use_only": "not a medical device",
            "model": found.model_name,
            "model_sha256": found.model_checksum,
            "fraction_measured": round(found.fraction, 4),
            "phase_encoding": found.direction,
            "settings": dataclasses.asdict(settings) | {"weights": Path(settings.weights).name},
            "notices": [notice.message for notice in found.series.notices],
        },
    }
    with writing_file(path.with_name(f"{stem}.json")) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _loaded(path: Path, settings: Settings, progress: Progress) -> dict[str, PerfusionSeries]:
    from QPerfusionLogic.io.study.logic import LoadingLogic
    from QPerfusionLogic.io.study.request import StudyRequest

    loading = LoadingLogic(settings.loading)
    if path.is_file():
        return {stem_of(path): _only(loading.run(StudyRequest(stress=path), progress).stress)}
    files = sorted(item for item in path.iterdir() if item.name.endswith(SUFFIXES)) if path.is_dir() else []
    if files:
        return {stem_of(item): _only(loading.run(StudyRequest(stress=item)).stress) for item in files}
    study = loading.run(StudyRequest(study=path), progress)
    return {str(state): study.acquisition(state).tissue for state in study.states}


def _only(acquisition: object) -> PerfusionSeries:
    found = getattr(acquisition, "tissue", None)
    if not isinstance(found, PerfusionSeries):
        raise InputError("no perfusion series", expected="a dynamic series of the first pass")
    return found


def _outputs(output: Path, names: list[str]) -> dict[str, Path]:
    if output.suffix == ".nrrd":
        if len(names) > 1:
            raise SettingsError(f"one file for {len(names)} series", expected="a folder as OUT")
        return {names[0]: output}
    if output.is_file():
        raise SettingsError(f"a file at {output}", expected="a folder, or a name ending in .seq.nrrd")
    return {name: output / f"{name}.seq.nrrd" for name in names}


def _with_density(series: PerfusionSeries) -> tuple[FloatArray, FloatArray]:
    """Return all frames in the order they were taken, and their times from 0."""
    if series.proton_density is None:
        return series.signal, series.time_s
    count = len(series.proton_density)
    beat_s = float(np.median(np.diff(series.time_s, axis=0))) if series.frames > 1 else 1.0
    before = series.time_s[:1] + np.arange(count)[:, None] * beat_s
    times = np.concatenate([before, series.time_s + count * beat_s])
    return np.concatenate([series.proton_density, series.signal]), times


def add_superresolve(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "superresolve", _superresolve, "low-resolution series to full resolution, with its spread")
    add_arguments(verb)
    add_settings_options(verb)


def _superresolve(options: argparse.Namespace, terminal: Terminal) -> None:
    for outcome in run(options, settings_from(options), terminal.progress()):
        terminal.notices(outcome.notices)
        terminal.say(f"written: {outcome.path}", output=str(outcome.path))
