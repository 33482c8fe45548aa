"""Runs the studies of a manifest, side by side where there are several workers, and writes the table of the cohort."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from QPerfusionLogic.errors import InputError, MissingPackageError
from QPerfusionLogic.progress import Progress

from .cohort_table import open_folder, write_tables
from .manifest import Manifest, StudyRow
from .study_job import DONE, FAILED, earlier_outcome, run_study

WAIT_S = 0.5
"""How often a waiting run looks whether it was cancelled."""
ANSWER_S = 10.0
"""How long a scheduler may take to answer."""
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class CohortResult:
    """How a cohort went: outcomes by study id, and the ids that were finished before."""

    outcomes: dict[str, dict[str, Any]]
    manifest: Manifest
    skipped: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the studies that gave no result."""
        return tuple(name for name, outcome in self.outcomes.items() if outcome["status"] != DONE)

    def lines(self) -> tuple[str, ...]:
        """Return what a terminal shows: one line a wrong row and a failed study, then the count."""
        wrong = [f"line {row.line} ({row.id or 'no id'}): {row.message}" for row in self.manifest.wrong]
        failed = [f"{name}: {self.outcomes[name]['message']}" for name in self.failed]
        done = len(self.outcomes) - len(self.failed)
        count = f"{done} of {len(self.outcomes) + len(wrong)} studies have a result ({len(self.skipped)} from before)"
        return (*wrong, *failed, count)


def run_cohort(
    manifest: Manifest,
    output: Path,
    workers: int | None = None,
    scheduler: str = "",
    progress: Progress | None = None,
) -> CohortResult:
    """Quantify every study of a manifest that has no result yet.

    Parameters
    ----------
    manifest : Manifest
        From `read_manifest`; its wrong rows are reported in the table and not run.
    output : Path
        studies/ID, one output folder of `quantify` each; state/ID.json; cohort.csv, segments.csv.
    workers : int, optional
        Processes of the local cluster, one thread each; 1 needs no Dask; by default one a processor.
    scheduler : str
        Address of a running Dask scheduler, whose workers see the same files; "" for a local cluster.
    progress : Progress, optional
        Progress and cancel; after a cancel the studies that were finished stay.

    Raises
    ------
    MissingPackageError
        When Dask is needed and not installed.
    InputError
        When the scheduler does not answer.
    OutputError
        When `output` cannot be written.
    """
    progress = progress or Progress()
    output = Path(output).absolute()
    open_folder(output)
    found = {row.id: earlier_outcome(row, output) for row in manifest.studies}
    outcomes = {name: outcome for name, outcome in found.items() if outcome is not None}
    skipped = tuple(outcomes)
    rows = [row for row in manifest.studies if row.id not in outcomes]
    total = max(len(manifest.studies), 1)
    progress.update(len(outcomes) / total, f"{len(outcomes)} studies have a result")
    count = min(workers or os.cpu_count() or 1, max(len(rows), 1))
    try:
        for outcome in _outcomes(rows, output, count, scheduler, progress):
            outcomes[outcome["id"]] = outcome
            progress.update(len(outcomes) / total, f"{outcome['id']} {outcome['status']}")
    finally:
        ordered = {row.id: outcomes[row.id] for row in manifest.studies if row.id in outcomes}
        write_tables(output, manifest, ordered)
    return CohortResult(ordered, manifest, skipped)


def _outcomes(
    rows: list[StudyRow], output: Path, workers: int, scheduler: str, progress: Progress
) -> Iterator[dict[str, Any]]:
    if not rows:
        return
    if workers == 1 and not scheduler:
        for row in rows:
            progress.check()
            yield run_study(row, output, progress.silent())
        return
    require_dask()
    with _client(workers, scheduler) as client:
        yield from _from_cluster(client, rows, output, progress)


def require_dask() -> None:
    """Raise `MissingPackageError` unless Dask and its distributed scheduler are installed."""
    missing = [name for name in ("dask", "distributed") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"no {' and '.join(missing)}",
            expected="the cohort packages, to run studies side by side",
            action='pip install "qperfusion[cohort]", or run them one after another with --workers 1',
        )


@contextlib.contextmanager
def _client(workers: int, scheduler: str) -> Iterator[Any]:
    """Yield a client of the scheduler, or of a local cluster that ends with the block."""
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout=ANSWER_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler at {scheduler} ({type(error).__name__})",
                expected="an address such as tcp://node:8786",
                action="start `dask scheduler` and workers, or leave out --scheduler",
            ) from error
        with client:
            yield client
        return
    # Before the workers start: numerical libraries read these once.
    os.environ.update({name: os.environ.get(name, value) for name, value in THREADS.items()})
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _from_cluster(client: Any, rows: list[StudyRow], output: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """Yield outcomes as workers finish; a worker that dies with a study gives a failed outcome."""
    from distributed import wait

    waiting = {client.submit(run_study, row, output, pure=False, retries=0): row for row in rows}
    try:
        while waiting:
            progress.check()
            try:
                finished = wait(list(waiting), timeout=WAIT_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in finished:
                row = waiting.pop(future)
                error = future.exception()
                yield future.result() if error is None else _lost(row, error)
    finally:
        client.cancel(list(waiting))


def _lost(row: StudyRow, error: BaseException) -> dict[str, Any]:
    message = f"the worker was lost or could not run it ({type(error).__name__}: {' '.join(str(error).split())})"
    return {"id": row.id, "status": FAILED, "message": message, "seconds": 0.0}
