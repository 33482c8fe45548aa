"""Scanners write many values that the standard forbids; their warnings are no help to the reader of a study."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep the warnings of pydicom about single values off the terminal."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pydicom\..*")
        yield
