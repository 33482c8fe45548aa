"""PyTorch is offered where a network would be used and the PyTorch extension is there; a run never depends on it."""

from __future__ import annotations

import sys

import pytest

from QPerfusionLogic.settings.schema import Settings


class PyTorchExtension:
    """PyTorchUtils of the PyTorch extension: SlicerPyTorch at e1c85cc, PyTorchUtils/PyTorchUtils.py:110-227."""

    def __init__(self, fails=False):
        self.asked = []
        self.fails = fails

    def PyTorchUtilsLogic(self):  # noqa: N802
        return self

    def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):  # noqa: N802, N803
        self.asked.append((askConfirmation, torchVersionRequirement))
        if self.fails:
            raise RuntimeError("no network")


@pytest.mark.parametrize("fails", [False, True])
def test_torch_is_offered_once_through_the_pytorch_extension(a_panel, monkeypatch, fails):
    import slicer

    from QPerfusionLogic.networks import packages

    extension = PyTorchExtension(fails)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.setattr(slicer.app, "testingEnabled", lambda: False, raising=False)
    classical = Settings().with_value("segmentation.mode", "classical").with_value("aif.mode", "signal_inversion")
    a_panel.logic.offerTorch(classical)
    assert extension.asked == []
    a_panel.logic.offerTorch(Settings())
    a_panel.logic.offerTorch(Settings())
    assert extension.asked == [(True, ">=2.6")]


def test_without_the_pytorch_extension_a_run_goes_on(a_panel, monkeypatch):
    import slicer

    from QPerfusionLogic.networks import packages

    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    monkeypatch.setattr(slicer.app, "testingEnabled", lambda: False, raising=False)
    a_panel.logic.offerTorch(Settings())
