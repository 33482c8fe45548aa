from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.phantom.files.cohort_writer import simulate


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"condition": "nonsense"}, "one of healthy"),
        ({"pre_bolus_ratio": 0.1}, "1 to 100"),
        ({"frames": 3}, "at least 12"),
        ({"slices": 9}, "1 to 6"),
    ],
)
def test_an_option_outside_its_range_is_refused_before_anything_is_written(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        simulate(tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []
