"""Pictures of the panel and of its slice views, kept where QPERFUSION_PICTURES says and compared by what they show."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from host import slicer_host

from QPerfusionLogic.data.aha_model import sector
from QPerfusionLogic.mrml.study.filling import fill_scene
from QPerfusionLogic.mrml.views.layouts import POLAR_VIEWS, VIEWS, show_study
from QPerfusionLogic.reporting.tables.colour_table import colour_table


@pytest.fixture
def pictures(tmp_path):
    """Folder that keeps the pictures."""
    folder = Path(os.environ.get("QPERFUSION_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def the_views(a_scene):
    """The slice views of the result layout, there before the study as in the application."""
    rendering = pytest.importorskip("host.rendering")
    views = {name: rendering.SliceView(a_scene, name) for name in (*VIEWS, *POLAR_VIEWS)}
    yield views
    for view in views.values():
        view.close()


def test_flow_is_shown_in_its_fixed_colours_over_the_images(a_scene, the_views, a_result, pictures):
    study = fill_scene(a_scene, a_result)
    show_study(a_scene, study)
    heart = study.node("segments", "stress")
    picture = the_views["QPerfusionStress"].picture(pictures / "stress.png", 1, heart)
    expected = colour_table("MBF").colours(3.0 + 0.02 * 26)
    near = np.abs(picture.astype(int) - expected).max(axis=-1) < 12
    assert 0.02 < near.mean() < 0.5
    assert picture[:20, :20].std() < 80


def test_the_legend_is_seen_and_goes_with_the_map(a_scene, the_views, a_result, pictures):
    study = fill_scene(a_scene, a_result)
    show_study(a_scene, study)
    view = the_views["QPerfusionRest"]
    with_map = view.picture(pictures / "rest.png", 1, study.node("segments", "rest"))
    white = (with_map > 240).all(axis=-1)[:, 300:]
    view.choose_map(None)
    without = (view.picture() > 240).all(axis=-1)[:, 300:]
    assert white.sum() > without.sum() + 200


def test_pixels_without_a_number_show_the_image_below(a_scene, the_views, a_result):
    study = fill_scene(a_scene, a_result)
    show_study(a_scene, study)
    view = the_views["QPerfusionStress"]
    with_map = view.picture(None, 1, study.node("segments", "stress"))
    view.choose_map(None)
    without = view.picture()
    centre = slice(195, 215)
    np.testing.assert_allclose(with_map[centre, centre].mean(), without[centre, centre].mean(), atol=12)


def test_the_polar_map_has_the_colour_of_every_segment_and_its_number(a_scene, the_views, a_result, pictures):
    study = fill_scene(a_scene, a_result)
    show_study(a_scene, study)
    picture = the_views["QPerfusionPolarStress"].picture(pictures / "polar.png").astype(int)
    height, width, _ = picture.shape
    radius, centre = width / 1.1 / 2, (width - 1) / 2
    for segment in (1, 4, 9, 13, 16):
        place = sector(segment)
        angle = np.radians(place.start_deg + 0.15 * (place.stop_deg - place.start_deg))
        reach = radius * (0.85 * place.inner + 0.15 * place.outer)
        seen = picture[round((height - 1) / 2 - reach * np.sin(angle)), round(centre + reach * np.cos(angle))]
        flow = next(item.mbf for item in a_result.states["stress"].mapped.segments if item.segment == segment)
        np.testing.assert_allclose(seen, colour_table("MBF").colours(flow), atol=3)
    assert (picture > 240).all(axis=-1).sum() > 300


def test_the_panel_is_drawn(a_panel, a_scene, a_result, pictures):
    study = fill_scene(a_scene, a_result)
    a_panel._parameters.studyName = study.name
    a_panel.ui.showButton.click()
    a_panel.parent.resize(520, 1180)
    a_panel.parent.show()
    slicer_host.process_events(0.2)
    picture = a_panel.parent.grab()
    assert picture.save(str(pictures / "panel.png"))
    assert picture.width() <= 560, "wider than the module panel of Slicer"
    assert picture.height() >= 1180
