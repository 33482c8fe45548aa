"""A stand-in for PythonSlicer: a launcher that starts the interpreter and forwards its output.

Like the original (commontk/AppLauncher 0.1.34, Base/ctkAppLauncher.cpp: `runProcess` with forwarded channels and
`applicationFinished`) it handles no signal, so that the interpreter runs on when the launcher is terminated, and it
turns a crash of the interpreter into exit code 1.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_SCRIPT = """#!/bin/sh
"{python}" "$@" <&0 &
wait $!
code=$?
if [ $code -gt 128 ] && [ $code -ne 130 ]; then
  echo "error: [{python}] exit abnormally - Report the problem." >&2
  exit 1
fi
exit $code
"""


def install(folder: Path) -> None:
    """Put a PythonSlicer into a folder and the folder into PATH, as a start of Slicer does."""
    if os.name == "nt":
        return
    launcher = folder / "PythonSlicer"
    launcher.write_text(_SCRIPT.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(0o755)
    os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", "")))
