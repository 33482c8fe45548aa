"""Training that goes on where it was cut, and model files that are refused when they were touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from qperfusion_research.training.loop import Plan, train  # noqa: E402
from QPerfusionLogic.errors import QPerfusionError, SettingsError  # noqa: E402
from QPerfusionLogic.networks.device import chosen_device, fast_precision  # noqa: E402
from QPerfusionLogic.networks.model_files import load_into, model_file, save_model  # noqa: E402


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
