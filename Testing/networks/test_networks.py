"""Training that goes on where it was cut, and model files that are refused when they were touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from qperfusion_research.training.loop import Plan, train  # noqa: E402
from QPerfusionLogic.errors import QPerfusionError, SettingsError  # noqa: E402
from QPerfusionLogic.networks import model_files  # noqa: E402
from QPerfusionLogic.networks.device import chosen_device, fast_precision  # noqa: E402
from QPerfusionLogic.networks.model_files import (  # noqa: E402
    AlteredModelError,
    load_into,
    model_file,
    save_model,
)
from QPerfusionLogic.resources import resource_path  # noqa: E402


def _line() -> Any:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


def _loss(network: Any, _: int) -> Any:
    x = torch.rand(32, 1)
    return torch.mean((network(x) - torch.sin(3.0 * x)) ** 2)


def test_a_network_learns_a_curve() -> None:
    found = train(_line(), _loss, Plan(iterations=600, learning_rate=3e-2, warm_up=10, average=0.9))
    x = torch.linspace(0.05, 0.95, 20)[:, None]
    assert float(torch.abs(found(x).detach() - torch.sin(3.0 * x)).max()) < 0.1


def test_a_training_that_was_cut_ends_with_the_same_weights(tmp_path: Path) -> None:
    plan = Plan(iterations=60, warm_up=5, seed=4)
    whole = train(_line(), _loss, plan)

    def broken(network: Any, iteration: int) -> Any:
        if iteration == 30 and not (tmp_path / "cut").exists():
            (tmp_path / "cut").touch()
            raise KeyboardInterrupt
        return _loss(network, iteration)

    often = Plan(iterations=60, warm_up=5, seed=4, checkpoint_minutes=0.0)
    with pytest.raises(KeyboardInterrupt):
        train(_line(), broken, often, tmp_path / "state.safetensors")
    resumed = train(_line(), broken, often, tmp_path / "state.safetensors")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0.0, atol=0.0)


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    network, other = _line(), _line()
    torch.nn.init.zeros_(other[0].weight)
    save_model(network, tmp_path / "line.safetensors", {"training": "this test"}, half=False)
    found = model_file(tmp_path / "line.safetensors")
    load_into(other, found)
    assert found.card["training"] == "this test"
    torch.testing.assert_close(network[0].weight, other[0].weight)


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.safetensors"
    save_model(_line(), path, {})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(QPerfusionError, match="altered"):
        model_file(path)


def test_weights_without_a_card_are_refused(tmp_path: Path) -> None:
    save_model(_line(), tmp_path / "line.safetensors", {})
    (tmp_path / "line.json").unlink()
    with pytest.raises(QPerfusionError, match="card"):
        model_file(tmp_path / "line.safetensors")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_model(_line(), tmp_path / "line.safetensors", {})
    with pytest.raises(QPerfusionError, match="this network"):
        load_into(torch.nn.Linear(2, 2), model_file(tmp_path / "line.safetensors"))


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(SettingsError, match="one of"):
        chosen_device("abacus")


@pytest.mark.parametrize(("capability", "used"), [("AVX512", True), ("AVX2", False)])
def test_bfloat16_is_used_where_the_processor_computes_with_it(
    capability: str, used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    with fast_precision(torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") == used


@pytest.mark.parametrize("shipped", ["aif", "aif_published", "segmentation", "superresolution"])
def test_one_changed_value_of_a_shipped_card_is_refused(shipped: str, tmp_path: Path, monkeypatch: Any) -> None:
    source = resource_path("Models", f"{shipped}.json")
    shutil.copy(source.with_suffix(".safetensors"), tmp_path)
    card = json.loads(source.read_text(encoding="utf-8"))
    monkeypatch.setattr(model_files, "resource_path", lambda *parts: tmp_path / parts[-1])
    for key in card:
        (tmp_path / source.name).write_text(json.dumps({**card, key: "other"}))
        with pytest.raises(AlteredModelError):
            model_files.shipped_model(shipped)
        (tmp_path / source.name).write_text(json.dumps({name: card[name] for name in card if name != key}))
        with pytest.raises(AlteredModelError):
            model_files.shipped_model(shipped)
    (tmp_path / source.name).write_text(json.dumps(card, indent=4))
    assert model_files.shipped_model(shipped).card == card


@pytest.mark.parametrize("value", ["NaN", "1e308", "0", '"many"', "true", "[1]", "null"])
def test_a_card_with_an_impossible_number_is_refused(value: str, tmp_path: Path) -> None:
    save_model(_line(), tmp_path / "line.safetensors", {})
    card = json.loads((tmp_path / "line.json").read_text())
    text = json.dumps({name: card[name] for name in card if name != "card_sha256"})
    (tmp_path / "line.json").write_text(text[:-1] + f', "members": {value}}}')
    with pytest.raises(AlteredModelError):
        model_file(tmp_path / "line.safetensors").number("members", 1, 1, 64)
