"""Missing or broken learning packages: what is missing, and the next step where the user is."""

import pytest

from QPerfusionLogic.errors import MissingPackageError
from QPerfusionLogic.networks import packages


def message(monkeypatch, missing, in_slicer):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name in missing else object())
    if in_slicer:
        monkeypatch.setenv("SLICER_HOME", "somewhere")
    else:
        monkeypatch.delenv("SLICER_HOME", raising=False)
    with pytest.raises(MissingPackageError) as caught:
        packages.require_packages("aif.mode=neural_network", "aif.mode=signal_inversion")
    return str(caught.value)


@pytest.mark.parametrize("missing", [("torch",), ("safetensors",), ("torch", "safetensors")])
def test_inside_slicer_the_next_step_is_one_of_slicer(monkeypatch, missing):
    text = message(monkeypatch, missing, in_slicer=True)
    assert ("PyTorch extension" in text) == ("torch" in missing)
    assert "PythonSlicer -m pip install --no-index --find-links FOLDER" in text
    assert "qperfusion[" not in text


def test_outside_slicer_the_next_step_is_a_command_that_works_today(monkeypatch):
    text = message(monkeypatch, ("torch", "safetensors"), in_slicer=False)
    assert "pip install torch safetensors, or aif.mode=signal_inversion" in text
    assert "qperfusion[" not in text


def test_a_package_that_is_there_and_cannot_be_loaded_is_named_with_its_reason(monkeypatch):
    def refuse(name):
        raise OSError("a library\nof the system is missing")

    monkeypatch.setattr(packages, "find_spec", lambda name: object())
    monkeypatch.setattr(packages, "import_module", refuse)
    with pytest.raises(MissingPackageError, match="torch that cannot be loaded"):
        packages.require_packages("segmentation.mode=network")
