"""The panel opens quickly, from its real .ui, and says what it needs."""

from __future__ import annotations

import time

from host import slicer_host


def test_an_empty_scene_disables_apply_and_says_why(a_panel):
    assert not a_panel.ui.applyButton.enabled
    assert a_panel.ui.applyButton.toolTip == "Choose a stress or a rest series."


def test_the_panel_opens_in_less_than_a_second(a_scene, the_module):
    started = time.perf_counter()
    widget = the_module.QPerfusionWidget()
    widget.setup()
    slicer_host.process_events()
    elapsed = time.perf_counter() - started
    widget.cleanup()
    assert elapsed < 1.0
