"""A user's own pairs of saturated and unsaturated blood curves, as batches to train on."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from QPerfusionLogic.aif.networks.curve_input import (
    GADOLINIUM_UNIT_MMOL_L,
    INTERVAL_S,
    LEAD_S,
    SAMPLES,
    network_input_of_curve,
)
from QPerfusionLogic.aif.networks.inverted_family import Protocols
from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.signal_model.bolus import find_bolus

from .pairs import Pairs

COLUMNS = ("time_s", "saturated", "true")
FEWEST_PAIRS = 2
SHIFTS_S = np.linspace(-1.2, 1.2, 7)
"""Every pair is sampled at these offsets of its arrival."""
MOST_NOISE = 0.01


@dataclass(frozen=True)
class OwnPair:
    """One measured pair: times (n,), saturated signal in any unit, true gadolinium in mmol/L, nominal protocol."""

    name: str
    time_s: FloatArray
    saturated: FloatArray
    true_mmol_l: FloatArray
    protocol: dict[str, float] | None = None


def read_own_pairs(folder: Path) -> list[OwnPair]:
    """Return the pairs of a folder: NAME.csv (time_s,saturated,true) with an optional NAME.json of the protocol.

    Parameters
    ----------
    folder : Path
        The JSON holds the fields of `Protocols` (saturation_time, flip_angle, ...); without it the protocol counts as
        not known.

    Raises
    ------
    InputError
        When there are fewer than two files, or one cannot be read.
    """
    files = sorted(Path(folder).glob("*.csv"))
    if len(files) < FEWEST_PAIRS:
        raise InputError(
            f"{len(files)} CSV files in {Path(folder).name}",
            expected=f"at least {FEWEST_PAIRS}, with the columns {','.join(COLUMNS)}",
            action="write one file a curve; true is blood gadolinium in mmol/L",
        )
    return [_read(path) for path in files]


def write_own_pair(pair: OwnPair, folder: Path) -> None:
    """Write a pair as `read_own_pairs` reads it."""
    rows = zip(pair.time_s, pair.saturated, pair.true_mmol_l, strict=True)
    lines = [",".join(COLUMNS), *(f"{time:.4f},{signal:.6g},{true:.6g}" for time, signal, true in rows)]
    (folder / f"{pair.name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if pair.protocol is not None:
        text = json.dumps(pair.protocol, indent=1) + "\n"
        (folder / f"{pair.name}.json").write_text(text, encoding="utf-8")


class OwnPairs:
    """All pairs on the grid of the network, ready to draw batches from.

    Parameters
    ----------
    pairs : list of OwnPair
        Measured.

    Raises
    ------
    InputError
        When a curve has no bolus.
    """

    def __init__(self, pairs: list[OwnPair]) -> None:
        import torch

        rows = [row for pair in pairs for row in _on_grid(pair)]
        signal, valid, gadolinium = (
            torch.tensor(np.array(part), dtype=torch.float32) for part in zip(*rows, strict=True)
        )
        nominal = [pair.protocol for pair in pairs for _ in SHIFTS_S]
        typical = Protocols.typical(1)
        names = [item.name for item in fields(Protocols)]
        values = [
            [float(getattr(typical, name)) if item is None else float(item[name]) for name in names] for item in nominal
        ]
        table = torch.tensor(values, dtype=torch.float32)
        self._protocol = Protocols(*(table[:, index : index + 1] for index in range(len(names))))
        self._known = torch.tensor([[item is not None] for item in nominal])
        self._signal, self._valid, self._gadolinium = signal, valid, gadolinium

    def __len__(self) -> int:
        return len(self._signal)

    def draw(self, count: int) -> Pairs:
        """Return a batch with noise added, drawn with torch's random state; the state before contrast is not known."""
        import torch

        index = torch.randint(0, len(self), (count,))
        valid = self._valid[index]
        signal = self._signal[index]
        signal = (signal + MOST_NOISE * torch.rand(count, 1) * torch.randn_like(signal)) * valid
        signal = signal / signal.amax(dim=1, keepdim=True)
        protocol = Protocols(*(value[index] for value in self._protocol.values()))
        nothing = torch.full((count, 1), torch.nan)
        family, conditions = network_input_of_curve(signal, valid, protocol, self._known[index], nothing, nothing)
        gadolinium = self._gadolinium[index]
        linear = _linear(signal, gadolinium, valid)
        return Pairs(signal, valid, family, conditions, gadolinium, torch.full((count, 2), torch.nan), linear)


def _linear(signal: Any, gadolinium: Any, valid: Any) -> Any:
    """Return the signal that goes on rising as it does where there is little gadolinium."""
    baseline = signal[:, :4].mean(dim=1, keepdim=True)
    low = ((gadolinium > 0.02) & (gadolinium < 0.15)).float() * valid
    slope = ((signal - baseline) * low).sum(dim=1, keepdim=True) / (gadolinium * low).sum(dim=1, keepdim=True).clamp(
        min=1e-3
    )
    return (baseline + slope * gadolinium) * valid


def _read(path: Path) -> OwnPair:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path.name} without numbers in {','.join(COLUMNS)}", action="check its columns") from error
    table = np.array(rows, dtype=float).reshape(-1, len(COLUMNS))
    if len(table) < 8 or not np.isfinite(table).all() or not (np.diff(table[:, 0]) > 0).all():
        raise InputError(f"{path.name} with {len(table)} rows", expected="at least 8, finite, at increasing times")
    sidecar = path.with_suffix(".json")
    protocol = json.loads(sidecar.read_text(encoding="utf-8")) if sidecar.is_file() else None
    missing = [item.name for item in fields(Protocols) if protocol is not None and item.name not in protocol]
    if missing:
        raise InputError(f"{sidecar.name} without {', '.join(missing)}", expected="the whole protocol, or no file")
    return OwnPair(path.stem, table[:, 0], table[:, 1], table[:, 2], protocol)


def _on_grid(pair: OwnPair) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    bolus = find_bolus(pair.saturated, pair.time_s)
    if bolus is None:
        raise InputError(f"no bolus in {pair.name}", action="leave that pair out")
    base = np.mean(pair.true_mmol_l[bolus.baseline_frames])
    rows = []
    for shift in SHIFTS_S:
        grid = bolus.bolus_arrival_time_s - LEAD_S + shift + np.arange(SAMPLES) * INTERVAL_S
        valid = (grid <= pair.time_s[-1]).astype(float)
        signal = np.interp(grid, pair.time_s, pair.saturated) * valid
        true = np.interp(grid, pair.time_s, pair.true_mmol_l - base) / GADOLINIUM_UNIT_MMOL_L
        rows.append((signal / signal.max(), valid, true))
    return rows
