"""`qperfusion train aif`: both presets, own pairs, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from QPerfusionLogic.cli.main import main

pytest.importorskip("torch")
SHORT = ("--iterations", "1", "--branch", "1", "--members", "1", "--batch", "4", "--pool", "5")


@pytest.fixture
def a_folder_of_pairs(tmp_path):
    from qperfusion_research.aif.training.own_pairs import OwnPair, write_own_pair

    folder = tmp_path / "pairs"
    folder.mkdir()
    time = np.arange(50) * 0.8
    for index, height in enumerate((4.0, 6.0)):
        since = np.clip(time - 9.0, 0.0, None) / 4.0
        true = height * since**3 * np.exp(3.0 * (1.0 - since))
        write_own_pair(OwnPair(f"patient{index}", time, 0.1 + 1.0 - np.exp(-0.4 * true), true), folder)
    return folder


def test_own_pairs_are_read_as_they_were_written(a_folder_of_pairs):
    import torch

    from qperfusion_research.aif.training.own_pairs import OwnPairs, read_own_pairs

    pairs = read_own_pairs(a_folder_of_pairs)
    assert [pair.name for pair in pairs] == ["patient0", "patient1"]
    torch.manual_seed(0)
    batch = OwnPairs(pairs).draw(16)
    assert 5.0 * batch.gadolinium.amax() == pytest.approx(6.0, rel=0.03)
    assert batch.conditions[:, -2].sum() == 0
    assert torch.isfinite(batch.family).all()


@pytest.mark.slow
def test_both_presets_train_and_write_weights_with_a_card(tmp_path):
    from QPerfusionLogic.networks.model_files import model_file

    for preset in ("ours", "paper"):
        path = tmp_path / f"{preset}.safetensors"
        assert main(["train", "aif", "--preset", preset, "--output", str(path), *SHORT]) == 0
        assert "no patient" in model_file(path).card["training_data"]


@pytest.mark.slow
def test_weights_trained_on_own_pairs_say_so(a_folder_of_pairs, tmp_path):
    from QPerfusionLogic.networks.model_files import model_file

    first = tmp_path / "first.safetensors"
    assert main(["train", "aif", "--output", str(first), *SHORT]) == 0
    path = tmp_path / "own.safetensors"
    given = ["--pairs", str(a_folder_of_pairs), "--start", str(first)]
    assert main(["train", "aif", "--output", str(path), *given, *SHORT]) == 0
    assert "own pairs" in model_file(path).card["training_data"]


def test_a_folder_without_pairs_is_refused(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    code = main(["train", "aif", "--output", str(tmp_path / "x.safetensors"), "--pairs", str(tmp_path / "empty")])
    assert code == 2
    assert "time_s,saturated,true" in capsys.readouterr().err


def test_a_series_that_begins_earlier_keeps_its_course_and_loses_its_tail() -> None:
    import torch

    from qperfusion_research.aif.training.published import started_earlier

    curve = torch.arange(6.0)[None].expand(3, -1)
    found = started_earlier(curve, torch.tensor([[0], [1], [3]]))
    assert found.tolist() == [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 3, 4], [0, 0, 0, 0, 1, 2]]
