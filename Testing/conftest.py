"""What all tests share: where the real data lies, if it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real series (QPERFUSION_TEST_DATA, default ../shared/data); skips the test where it is absent."""
    folder = Path(os.environ.get("QPERFUSION_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set QPERFUSION_TEST_DATA")
    return folder
