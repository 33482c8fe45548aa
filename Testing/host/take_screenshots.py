"""Take the pictures of the README from a scene of the demonstration.

    qperfusion demo --output DEMO && python Testing/host/take_screenshots.py DEMO/study.mrb

Writes Resources/Screenshots/panel.png and result.png; the scene has to be that of a digital patient.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Resources" / "Screenshots"
FRAME = 18
"""Frame of the series shown below the maps."""


def main() -> int:
    """Take both pictures; returns 0."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]
    from host import slicer_host

    slicer_host.start()
    FOLDER.mkdir(exist_ok=True)
    take(slicer_host, Path(sys.argv[1]))
    return 0


def take(slicer_host, path: Path) -> None:
    """Open a scene in the panel and in the three slice views, and grab them."""
    import numpy as np
    from PIL import Image

    from host.rendering import SliceView
    from QPerfusionLogic.scene import load_scene
    from QPerfusionLogic.scene.views import VIEWS

    scene = slicer_host.new_main_scene()
    views = {name: SliceView(scene, name, (400, 400)) for name in VIEWS}
    load_scene(scene, path)
    panel = slicer_host.open_panel(slicer_host.load_module_file())
    panel._parameters.studyName = panel.ui.studyBox.currentText
    panel.ui.showButton.click()
    study = panel.results.study()
    for state in ("stress", "rest"):
        study.node("browser", state).SetSelectedItemNumber(FRAME)
    panel.parent.resize(520, 1180)
    panel.parent.show()
    slicer_host.process_events(0.3)
    panel.parent.grab().save(str(FOLDER / "panel.png"))
    hearts = {name: study.node("segments", state or "stress") for name, (state, _) in VIEWS.items()}
    pictures = [views[name].picture(None, 1, heart) for name, heart in hearts.items()]
    Image.fromarray(np.concatenate(pictures, axis=1)).save(FOLDER / "result.png", optimize=True)
    for view in views.values():
        view.close()
    panel.cleanup()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Views and widgets are not taken down in an order that every library likes; the pictures are on disk.
    os._exit(code)
