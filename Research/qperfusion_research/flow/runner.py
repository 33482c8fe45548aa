"""Runs an evaluation patient by patient, in one or several processes; patients that are done are not run again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from QPerfusionLogic.io.files.output_folder import MARKER, writing_file
from QPerfusionLogic.progress import Progress

Task = Callable[[int], dict[str, Any]]
"""Seed of a patient -> result, ready for JSON. A module's function (or a `partial` of one), so that it can travel."""
WAIT_S = 0.5


def open_evaluation(folder: Path) -> None:
    """Make an output folder and mark it as ours, so that an evaluation that was cut can go on in it.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    with writing_file(folder / MARKER) as beside:
        beside.write_text(json.dumps({"unfinished": True}) + "\n", encoding="utf-8")


def run_patients(
    task: Task,
    seeds: list[int],
    folder: Path,
    plan: dict[str, Any],
    workers: int = 1,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return the result of every patient, from `folder` where it was run before by the same plan.

    Parameters
    ----------
    task : callable
        What to do with one patient.
    seeds : list of int
        One a patient.
    folder : Path
        One file a patient, patient_00001.json; written as soon as the patient is done.
    plan : dict
        Whatever decides the result besides the seed; files of another plan are run again.
    workers : int
        Processes; 1 for this one.
    progress : Progress, optional
        Progress and cancel.
    """
    progress = progress or Progress()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(json.dumps(plan, sort_keys=True, default=str).encode()).hexdigest()
    found = {seed: _earlier(_file(folder, seed), mark) for seed in seeds}
    open_seeds = [seed for seed in seeds if found[seed] is None]
    done = len(seeds) - len(open_seeds)
    progress.update(done / len(seeds), f"{done} of {len(seeds)} patients found")
    for seed, result in _results(task, open_seeds, workers, progress):
        found[seed] = result
        with writing_file(_file(folder, seed)) as beside:
            beside.write_text(json.dumps({"plan": mark, "result": result}) + "\n", encoding="utf-8")
        done += 1
        progress.update(done / len(seeds), f"{done} of {len(seeds)} patients")
    return [result for result in (found[seed] for seed in seeds) if result is not None]


def _results(task: Task, seeds: list[int], workers: int, progress: Progress) -> Iterator[tuple[int, dict[str, Any]]]:
    if workers <= 1 or len(seeds) <= 1:
        for seed in seeds:
            progress.check()
            yield seed, task(seed)
        return
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ.update({name: os.environ.get(name, value) for name, value in threads.items()})
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as executor:
        waiting = {executor.submit(task, seed): seed for seed in seeds}
        try:
            while waiting:
                progress.check()
                finished, _ = wait(waiting, WAIT_S, FIRST_COMPLETED)
                for future in finished:
                    yield waiting.pop(future), future.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def _file(folder: Path, seed: int) -> Path:
    return folder / f"patient_{seed:05d}.json"


def _earlier(path: Path, mark: str) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return content.get("result") if content.get("plan") == mark else None
