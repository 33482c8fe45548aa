"""A run ends when it is not wanted: in every stage, through the launcher, with its scene, with the application."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from host import event_loop, slicer_host
from host.hand_made import QUICK_CHANGES, quick_study

from QPerfusionLogic.data.study import PerfusionStudy
from QPerfusionLogic.io.files.bundle import write_bundle
from QPerfusionLogic.panel.choices import with_changes
from QPerfusionLogic.pipeline.job import Job
from QPerfusionLogic.settings.schema import STAGES
from QPerfusionLogic.workflow.background import BackgroundRun
from QPerfusionLogic.workflow.job_process import run_job

LONGEST_S = 2.0
"""A run that is not wanted has to be gone after this time, the interpreter behind the launcher too."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are read from /proc")


def processes_of(folder):
    """Return the processes whose command line or environment names a folder: launcher, watcher, work, its children."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                texts = [(entry / name).read_bytes() for name in ("cmdline", "environ")]
                if any(str(folder).encode() in text for text in texts):
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


def seconds_until_gone(folder):
    began = time.monotonic()
    while processes_of(folder) and time.monotonic() - began < 30:
        slicer_host.process_events(0.05)
    return time.monotonic() - began


class Running:
    """A run as the panel starts one, with what it has said."""

    def __init__(self, module, job):
        self.messages, self.ended = [], []
        self.run = BackgroundRun(
            job,
            module.launchInBackground,
            module.qt.QTimer.singleShot,
            lambda fraction, message: self.messages.append(message),
            self.ended.append,
        )
        self.folder = self.run._process.folder

    def wait_for(self, text, seconds=240):
        slicer_host.process_events(
            seconds, until=lambda: self.ended or any(text in message for message in self.messages)
        )
        assert any(text in message for message in self.messages), (self.messages, self.run.error)


@pytest.fixture(scope="session")
def a_patient():
    """A small digital patient, one slice of stress."""
    from QPerfusionLogic.phantom.simulation.demonstration import demo_patient

    return PerfusionStudy(stress=demo_patient(slices=1).study.stress)


@pytest.fixture(scope="session")
def a_patient_registered(a_patient):
    """The patient after registration and segmentation, which later stages resume from."""
    return run_job(Job(a_patient, {}, stop_after="segmentation"))


SAID_IN = {
    "superresolution": "superresolution, stress",
    "registration": "moving the frames",
    "segmentation": "drawing contours",
    "aif": "aif, stress",
    "conversion": "look-up table",
    "kinetics": "fitting",
    "reporting": "segment table",
}
"""What a run says in the middle of each stage."""


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_cancelled_run_is_gone_within_two_seconds_in_every_stage(stage, request, the_module, tmp_path):
    later = STAGES.index(stage) > STAGES.index("segmentation")
    earlier = request.getfixturevalue("a_patient_registered") if later else None
    study = request.getfixturevalue("a_patient")
    changes = SUPERRESOLVED if stage == "superresolution" and has_torch() else {}
    settings = with_changes(changes).as_dictionary()
    job = Job(study, settings, str(tmp_path / "output"), "aif" if later else "", earlier=earlier)
    running = Running(the_module, job)
    running.wait_for(SAID_IN[stage])
    slicer_host.process_events(0.2)
    assert len(processes_of(running.folder)) >= 3
    running.run.cancel()
    seconds = seconds_until_gone(running.folder)
    print(f"{stage}: gone after {seconds:.2f} s")
    slicer_host.process_events(5, until=lambda: running.ended)
    assert seconds < LONGEST_S
    assert running.ended == [running.run]
    assert not running.folder.exists()
    assert list(tmp_path.iterdir()) == []


SUPERRESOLVED = {"superresolution.mode": "residual_bridge", "superresolution.accept_full_resolution": "true"}


def has_torch():
    import importlib.util

    return importlib.util.find_spec("torch") is not None


STUBBORN = """
import ctypes, subprocess, sys
from QPerfusionLogic.workflow.watched_process import end_when_unwatched
end_when_unwatched()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print('{"progress": 0.5, "message": "holding the lock"}', flush=True)
ctypes.PyDLL(None).sleep(60)
"""
"""Native code that lets no Python thread run for a minute, with a child of its own."""


@pytest.fixture
def a_stubborn_job(tmp_path, monkeypatch):
    folder = tmp_path / "stubborn"
    folder.mkdir()
    (folder / "stubborn_job.py").write_text(STUBBORN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), os.environ.get("PYTHONPATH", ""))))
    return "stubborn_job"


def start_watched(the_module, module):
    from QPerfusionLogic.workflow.process import WatchedProcess

    heard, codes = [], []
    process = WatchedProcess(the_module.launchInBackground, heard.append, codes.append)
    process.start(module, [str(process.folder)])
    slicer_host.process_events(60, until=lambda: heard or codes)
    assert heard
    return process, codes


def test_native_code_that_keeps_the_lock_ends_too_with_its_children(the_module, a_stubborn_job):
    process, codes = start_watched(the_module, a_stubborn_job)
    assert len(processes_of(process.folder)) >= 4
    process.cancel()
    assert seconds_until_gone(process.folder) < LONGEST_S
    slicer_host.process_events(5, until=lambda: codes)
    assert codes == [130]


PATIENT = STUBBORN.replace("ctypes.PyDLL(None).sleep(60)", "import time; time.sleep(60)")


def test_a_killed_watcher_takes_its_work_along(the_module, a_stubborn_job, tmp_path):
    (tmp_path / "stubborn" / "stubborn_job.py").write_text(PATIENT.replace("subprocess.Popen", "str"))
    process, _ = start_watched(the_module, a_stubborn_job)
    watcher = next(pid for pid in processes_of(process.folder) if b"watched_process" in command_of(pid, of="python"))
    os.kill(watcher, signal.SIGKILL)
    assert seconds_until_gone(process.folder) < LONGEST_S
    process.close()


def command_of(process_id, of=""):
    command = (Path("/proc") / str(process_id) / "cmdline").read_bytes()
    return command if of.encode() in command.split(b"\0")[0] else b""


APPLICATION = """
import subprocess, sys, time
from QPerfusionLogic.workflow.process import WatchedProcess

def launch(arguments, environment, on_line, on_end):
    import os
    return subprocess.Popen(arguments, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

process = WatchedProcess(launch, print, print)
process.start("stubborn_job", [str(process.folder)])
print(process.folder, flush=True)
time.sleep(120)
"""


def test_a_run_ends_with_an_application_that_was_killed(a_stubborn_job):
    """`kill -9` of the application: nobody cancels, nobody closes anything."""
    application = subprocess.Popen([sys.executable, "-c", APPLICATION], stdout=subprocess.PIPE, text=True)
    folder = application.stdout.readline().strip()
    slicer_host.process_events(60, until=lambda: len(processes_of(folder)) >= 4)
    assert len(processes_of(folder)) >= 4
    application.kill()
    application.wait()
    application.stdout.close()
    seconds = seconds_until_gone(folder)
    print(f"gone {seconds:.2f} s after the application")
    assert seconds < LONGEST_S
    assert not Path(folder).exists()


def test_a_run_that_is_cancelled_at_once_never_starts(the_module):
    running = Running(the_module, Job(quick_study(("stress",)), with_changes(QUICK_CHANGES).as_dictionary()))
    running.run.cancel()
    assert seconds_until_gone(running.folder) < LONGEST_S
    slicer_host.process_events(5, until=lambda: running.ended)
    assert running.messages == []
    assert running.ended == [running.run]


def test_the_interpreter_beside_the_launcher_is_started_where_the_environment_is_made(tmp_path, monkeypatch):
    from QPerfusionLogic.workflow.process import python_commands

    for name in ("PythonSlicer", "python-real"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYTHONHOME", raising=False)
    assert python_commands() == [[str(tmp_path / "PythonSlicer")]]
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    assert python_commands() == [[str(tmp_path / "python-real")], [str(tmp_path / "PythonSlicer")]]


def test_an_interpreter_that_cannot_start_is_followed_by_the_launcher(the_module, monkeypatch):
    from QPerfusionLogic.workflow import process

    commands = process.python_commands()
    monkeypatch.setattr(process, "python_commands", lambda: [["/bin/false"], *commands])
    running = Running(the_module, Job(quick_study(("stress",)), with_changes(QUICK_CHANGES).as_dictionary()))
    slicer_host.process_events(120, until=lambda: running.ended)
    assert running.run.result().states
    running.run.close()


def run_with(the_module, monkeypatch, tmp_path, body):
    """Run a job whose pipeline is replaced by some lines of Python."""
    lines = (
        "import QPerfusionLogic.workflow.job_process as job",
        "def broken(*_):",
        f"    {body}",
        "job.run_job = broken",
    )
    code = "\n".join((*lines, "job.sys.exit(job.main())"))
    (tmp_path / "broken_job.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    from QPerfusionLogic.workflow import background

    start = background.WatchedProcess.start
    monkeypatch.setattr(
        background.WatchedProcess, "start", lambda self, module, *rest: start(self, "broken_job", *rest)
    )
    running = Running(the_module, Job(quick_study(("stress",))))
    slicer_host.process_events(60, until=lambda: running.ended)
    assert running.ended
    running.run.close()
    return running.run.error


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "most likely because memory ran out"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "The run crashed."),
        ("raise MemoryError", "The memory was not enough. Close other programs"),
        ("raise OSError(28, 'No space left on device')", "No space left on the disk. Free some space and run again."),
        ("raise PermissionError(13, 'Permission denied', 'x.txt')", "(Permission denied): x.txt."),
        ("import a_package_that_is_not_there", "The Python package a_package_that_is_not_there is missing."),
        ("raise ZeroDivisionError('division by zero')", "An unexpected error (ZeroDivisionError: division by zero)."),
        ("import os; os._exit(3)", "The run ended before its end."),
    ],
)
def test_a_failure_is_one_sentence_and_its_details(the_module, monkeypatch, tmp_path, body, text):
    error = run_with(the_module, monkeypatch, tmp_path, body)
    assert text in str(error)
    assert "Traceback" not in str(error)
    assert "\n" not in str(error)
    assert error.details
    if body.startswith("raise"):
        assert "Traceback" in error.details


def test_a_temporary_folder_that_cannot_be_written_is_named_before_the_run(the_module, monkeypatch):
    import tempfile

    from QPerfusionLogic.errors import OutputError
    from QPerfusionLogic.workflow.failures import text_of

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "/nowhere")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(OutputError) as raised:
        Running(the_module, Job(quick_study(("stress",))))
    assert text_of(raised.value).startswith("A temporary folder that cannot be written (Permission denied).")


def test_a_large_result_is_read_while_the_window_lives(the_module, tmp_path):
    """The thread that reads it gets the lock of the interpreter only while Python is called."""
    import qt

    if not event_loop.KEEPS_THE_LOCK:
        pytest.skip("this event loop lets threads run")
    study = quick_study(("stress",), frames=60)
    signal_ = np.ones((60, 3, 512, 512), np.float32)
    import dataclasses

    big = dataclasses.replace(study.stress.tissue, signal=signal_, time_s=np.tile(study.stress.tissue.time_s, (1, 3)))
    from QPerfusionLogic.data.results import StateResult, StudyResult
    from QPerfusionLogic.data.series import State

    result = StudyResult({State.STRESS: StateResult(State.STRESS, dataclasses.replace(study.stress, tissue=big))})
    running = Running(the_module, Job(quick_study(("stress",)), with_changes(QUICK_CHANGES).as_dictionary()))
    running.run.cancel()
    slicer_host.process_events(20, until=lambda: running.ended)
    running.run.cancelled = False
    running.folder.mkdir()
    write_bundle(running.folder / "result", result)
    ticks = []
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(10)
    running.ended.clear()
    began = time.perf_counter()
    running.run._finish(0)
    slicer_host.process_events(60, until=lambda: running.ended)
    print(f"read in {time.perf_counter() - began:.2f} s, longest wait {np.diff(ticks).max():.2f} s")
    timer.stop()
    assert running.run.result().states[State.STRESS].acquisition.tissue.signal.shape == signal_.shape
    assert time.perf_counter() - began < 8
    running.run.close()
