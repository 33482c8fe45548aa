"""Take the pictures of the README from a scene of the demonstration.

    qperfusion demo --output DEMO && python Testing/host/take_screenshots.py DEMO/study.mrb

Writes to Resources/Screenshots panel.png, result.png (the layout of the results: maps over the images with legends,
polar maps, curve and fit of a segment) and plots.png (arterial input, curve of a pixel); the scene has to be that of a
digital patient.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Resources" / "Screenshots"
SEGMENT = 8
"""Segment whose curve is shown."""


def main() -> int:
    """Take all pictures; returns 0."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]
    from host import slicer_host

    slicer_host.start()
    FOLDER.mkdir(exist_ok=True)
    take(slicer_host, Path(sys.argv[1]))
    return 0


def take(slicer_host, path: Path) -> None:
    """Open a scene in the panel and in the views of the results, and grab them."""
    from host.layout import Layout
    from QPerfusionLogic.mrml.scene_files import load_scene

    scene = slicer_host.new_main_scene()
    layout = Layout(scene, (400, 400))
    load_scene(scene, path)
    panel = slicer_host.open_panel(slicer_host.load_module_file())
    panel.ui.showButton.click()
    slicer_host.process_events(1.0)
    study = panel.results.study()
    panel.ui.segmentBox.value = SEGMENT
    take_plots(panel, study)
    take_panel(slicer_host, panel)
    take_result(layout.views, study)
    layout.close()
    panel.cleanup()


def take_panel(slicer_host, panel) -> None:
    """Grab the panel with its result."""
    panel.ui.inputsButton.collapsed = True
    panel.ui.exportButton.collapsed = False
    panel.parent.resize(560, 1560)
    panel.parent.show()
    slicer_host.process_events(0.3)
    panel.parent.grab().save(str(FOLDER / "panel.png"))


def take_result(views, study) -> None:
    """Grab the views of the results layout: three maps above their polar maps, and the chart below."""
    import numpy as np

    from host.plotting import chart_picture
    from QPerfusionLogic.mrml.views.layouts import POLAR_VIEWS, VIEWS

    hearts = {name: study.node("segments", state or "stress") for name, (state, _) in VIEWS.items()}
    maps = [views[name].picture(None, 1, heart) for name, heart in hearts.items()]
    polar = [views[name].picture() for name in POLAR_VIEWS]
    width = sum(picture.shape[1] for picture in maps)
    chart = chart_picture(study.node("chart:curve", "stress"), (width, 330))
    rows = [np.concatenate(maps, axis=1), np.concatenate(polar, axis=1), chart]
    save(np.concatenate(rows, axis=0), "result.png")


def take_plots(panel, study) -> None:
    """Grab the charts of the arterial input and of a pixel in the anterior wall."""
    import numpy as np

    from host import slicer_host
    from host.plotting import chart_picture
    from QPerfusionLogic.data.series import State
    from QPerfusionLogic.mrml.nodes.volumes import image_of
    from QPerfusionLogic.mrml.views.pixels import Pixel

    segments = image_of(study.node("segments", "stress"))
    row, column = np.argwhere(segments[1] == SEGMENT).mean(axis=0).round().astype(int)
    panel.results.curves.show_pixel(Pixel(State.STRESS, 1, int(row), int(column)))
    slicer_host.process_events(60, until=lambda: "..." not in panel.ui.pixelLabel.text)
    found = panel.results.study()
    charts = [chart_picture(found.node(role, "stress"), (600, 400)) for role in ("chart:aif", "chart:pixel")]
    save(np.concatenate(charts, axis=1), "plots.png")


def save(picture, name: str) -> None:
    """Write a picture beside the others."""
    from PIL import Image

    Image.fromarray(picture).save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Views and widgets are not taken down in an order that every library likes; the pictures are on disk.
    os._exit(code)
