"""All methods that a state allows are run side by side; the others say why not."""

from __future__ import annotations

from QPerfusionLogic.aif.allowed_inputs import allowed_inputs
from QPerfusionLogic.settings.schema import Settings


def test_every_route_that_the_data_allows_gives_a_curve_and_the_others_a_reason(make_input):
    known = make_input(aif_series=True)
    found, refused = allowed_inputs(known.state, Settings())
    assert {"dual_sequence", "signal_inversion", "population"} <= set(found)
    assert "pre-bolus" in refused["dual_bolus"]
    assert all(item.mode == name for name, item in found.items())
