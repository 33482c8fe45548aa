"""Loading stays quick enough to be no part of the wait."""

import time

import numpy as np
import pytest

from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest


@pytest.mark.slow
def test_five_hundred_images_are_loaded_in_three_seconds_of_processor_time(write, clocks, tmp_path):
    timing = clocks.siemens(times_s=np.arange(200) * 0.8)
    write(tmp_path, frames=167, slices=3, rows=192, columns=192, SeriesDescription="perf rest", **timing)
    start = time.process_time()
    series = LoadingLogic().run(StudyRequest(study=tmp_path)).rest.tissue
    assert series.signal.shape == (167, 3, 192, 192)
    assert time.process_time() - start < 3.0
