"""Whatever is lost or doubled, the frames that remain are whole and on their own times."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from QPerfusionLogic.io.dicom.stacking import stack_of


@dataclasses.dataclass(frozen=True)
class Shuffled:
    """Images of 20 frames of some slices with irregular beats, some lost, some doubled, in any order."""

    frame: np.ndarray
    slice_index: np.ndarray
    time_s: np.ndarray
    slices: int


@st.composite
def shuffled_series(draw):
    slices, frames = draw(st.integers(1, 4)), 20
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    beats = np.concatenate([[0.0], np.cumsum(random.uniform(0.7, 0.95, frames - 1))])
    delays = np.linspace(0.0, draw(st.floats(0.0, 0.55)), slices)
    frame, slice_index = (grid.ravel() for grid in np.meshgrid(np.arange(frames), np.arange(slices), indexing="ij"))
    lost = random.permutation(frame.size)[: draw(st.integers(0, 3))]
    doubled = random.integers(0, frame.size, draw(st.integers(0, 3)))
    kept = random.permutation(np.concatenate([np.delete(np.arange(frame.size), lost), doubled]))
    times = beats[frame] + delays[slice_index]
    return Shuffled(frame[kept], slice_index[kept], times[kept], slices)


@settings(max_examples=200, deadline=None)
@given(shuffled_series())
def test_every_whole_frame_is_kept_and_no_frame_mixes_beats(series):
    stack = stack_of(series.slice_index, series.time_s)
    frames = series.frame[stack.index]
    assert (frames == frames[:, :1]).all()
    assert (series.slice_index[stack.index] == np.arange(series.slices)).all()
    present = [set(series.frame[series.slice_index == index].tolist()) for index in range(series.slices)]
    assert frames[:, 0].tolist() == sorted(set.intersection(*present))
    assert (np.diff(stack.time_s, axis=0) > 0).all()


@settings(max_examples=50, deadline=None)
@given(shuffled_series())
def test_temporal_positions_count_the_frames_where_they_are_told(series):
    counted = [int(frame) + 1 for frame in series.frame]
    stack = stack_of(series.slice_index, series.time_s, counted)
    np.testing.assert_array_equal(stack.index, stack_of(series.slice_index, series.time_s).index)


def test_temporal_positions_that_contradict_the_clock_are_left_aside():
    slice_index = np.zeros(10, dtype=np.intp)
    stack = stack_of(slice_index, np.arange(10) * 0.8, [1] * 10)
    assert len(stack.index) == 10
