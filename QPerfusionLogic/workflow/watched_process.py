"""A watched process: it ends with the application that started it, or when its folder says that it is not wanted.

Slicer starts Python through a launcher that leaves its child running when it is terminated, so a signal to the process
that was started is not enough. This module is the parent of the work: it looks after its child from outside, so that
the child also ends inside compiled code that lets no Python thread run.

    python -m QPerfusionLogic.workflow.watched_process FOLDER OWNER OUTPUT MODULE ...

runs MODULE with the further arguments until it has ended, FOLDER/wanted is removed or the process OWNER has ended.
"""

from __future__ import annotations

import _thread
import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

WANTED = "wanted"
"""The file in the folder of a process that stands for the wish to go on."""
LOOK_EVERY_S = 0.1
GRACE_S = 0.7
"""Time for the work to remove what it has half written, before it is killed."""
CANCELLED = 130
_WINDOWS = os.name == "nt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a module as a watched child and return its exit code; 130 when it was ended."""
    parser = argparse.ArgumentParser(description="Run a module that ends with the application that started it.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("owner", type=int)
    parser.add_argument("output", help='folder that the module writes, "" for none')
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    owner_runs = watch_of(options.owner)
    child: subprocess.Popen[bytes] | None = None
    try:
        child = _started(options)
        while child.poll() is None:
            if not (owner_runs() and (options.folder / WANTED).exists()):
                raise KeyboardInterrupt
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LOOK_EVERY_S)
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if child is not None:
            _end(child)
            _tidy(options.output)
        shutil.rmtree(options.folder, ignore_errors=True)
        return CANCELLED
    _tidy(options.output)
    return _reported(child.returncode)


def end_when_unwatched() -> None:
    """Let this process, the child of a watched one, end when the process that watches it closes the pipe between them.

    The work is interrupted as by Ctrl+C, so that it removes what it has half written; soon after, the process ends.
    """

    def listen() -> None:
        # Not sys.stdin: a reader that waits in its lock would break the end of the interpreter.
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        _thread.interrupt_main()
        time.sleep(GRACE_S)
        os._exit(CANCELLED)

    threading.Thread(target=listen, daemon=True).start()


def watch_of(process_id: int) -> Callable[[], bool]:
    """Return a function that answers whether a process still runs."""
    if _WINDOWS:
        return _watch_on_windows(process_id)

    def runs() -> bool:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    return runs


def _watch_on_windows(process_id: int) -> Callable[[], bool]:
    import ctypes

    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = ctypes.c_void_p
    synchronize, still_running = 0x00100000, 0x00000102
    # The open handle keeps Windows from giving the number to another process.
    handle = kernel.OpenProcess(synchronize, False, process_id)
    return lambda: bool(handle) and kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == still_running


def _started(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """Start the child, with its temporary files in the folder, which goes with it, and in a group of its own."""
    temporary = options.folder / "temporary"
    if not (options.folder / WANTED).exists():
        raise KeyboardInterrupt
    temporary.mkdir(exist_ok=True)
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    child = subprocess.Popen(
        [sys.executable, "-m", options.module, *options.arguments],
        stdin=subprocess.PIPE,
        env=environment,
        start_new_session=not _WINDOWS,
    )
    _say(started=[os.getpid(), child.pid])
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child: kindly, then by force, together with the processes that it has started."""
    if child.stdin is not None:
        child.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    if not _WINDOWS:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
    child.wait()


def _tidy(output: str) -> None:
    """Put an output folder in order after its writer was killed."""
    if output:
        from QPerfusionLogic.io.files.output_folder import tidy_after_kill  # not while the child starts

        tidy_after_kill(Path(output))


def _reported(code: int) -> int:
    """Return the exit code for the application, and say why when the system has ended the child."""
    if code >= 0 and not (_WINDOWS and code >= 0xC0000000):
        return code
    # A launcher in between passes on codes from 0 to 255 only.
    if -code == getattr(signal, "SIGKILL", 9):
        _say(
            found="The system has ended the run, most likely because memory ran out",
            action="close other programs, or load fewer series, and run again",
            details=f"The process ended with code {code}.",
        )
    else:
        _say(
            found="The run crashed",
            action="run it again; when it crashes again, report it together with the details",
            details=f"The process ended with code {code}.",
        )
    return 1


def _say(**content: Any) -> None:
    # The application may have ended, and nobody reads.
    with contextlib.suppress(OSError):
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def new_folder() -> Path:
    """Return a new folder for a watched process, with the file that lets it go on.

    Raises
    ------
    OSError
        When the temporary folder of the system cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="qperfusion-run-"))
    (folder / WANTED).touch()
    return folder


if __name__ == "__main__":
    sys.exit(main())
