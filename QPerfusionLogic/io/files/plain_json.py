"""What JSON can hold: plain values from arrays, numbers of numpy and dataclasses; written, and read back."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.errors import InputError, QPerfusionError


def plain(value: Any) -> Any:
    """Return nested plain values: no arrays, no numpy numbers, None for what is not finite, text for the rest.

    Examples
    --------
    >>> plain({"flow": np.array([1.0, np.nan]), 3: (np.int64(2), True)})
    {'flow': [1.0, None], '3': [2, True]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value if isinstance(value, int | None) else str(value)


def read_plain(path: Path) -> Any:
    """Return the values of a JSON file in the output folder of an earlier run.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} unreadable ({error})", expected="the file of the earlier run") from error


@contextlib.contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn what a damaged or edited file of an output folder raises while it is read into one line for the user.

    Raises
    ------
    InputError
        When its content has not the form in which it was written.
    """
    try:
        yield
    except QPerfusionError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, csv.Error) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(
            f"{path} with other content than was written ({reason})",
            expected="the files of the earlier run",
            action="put them back, or run from the beginning",
            option="without --resume-from",
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write JSON with numbers of numpy as plain numbers and NaN as null."""
    path.write_text(json.dumps(plain(content), indent=1) + "\n", encoding="utf-8")
