"""The order in which the delays of a table are fitted."""

import numpy as np
import pytest

from QPerfusionLogic.kinetics.solver.sweep import sweep_over


@pytest.mark.parametrize("delays", [1, 2, 3, 4, 5, 11, 12, 31])
@pytest.mark.parametrize("anchor_every", [1, 3])
def test_each_delay_is_fitted_once_from_delays_fitted_before_or_from_the_dictionary(delays, anchor_every):
    sweep = sweep_over(delays, anchor_every)
    assert sorted(sweep.order) == list(range(delays))
    for turn, sources in enumerate(sweep.source):
        known = set(sweep.order[:turn])
        assert set(sources) <= known or (sources == -1).all()
        assert sweep.anchor[turn] >= 0 or (sources >= 0).all()


def test_a_start_lies_on_the_line_through_its_sources():
    sweep = sweep_over(12)
    chained = sweep.source[:, 0] >= 0
    far_apart = chained & (sweep.source[:, 0] != sweep.source[:, 1])
    on_line = (sweep.share * sweep.source).sum(axis=1)
    np.testing.assert_allclose(on_line[far_apart], sweep.order[far_apart])
