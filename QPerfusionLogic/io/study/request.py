"""What the user asks to be loaded."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudyRequest:
    """Where a study lies: one folder with everything in it, or each part by itself.

    Parameters
    ----------
    study : Path, optional
        DICOM folder in which stress, rest, AIF, pre-bolus and T1 map are found by themselves.
    stress, rest : Path, optional
        The perfusion series of one state: a DICOM folder or file, NIfTI, NRRD or `.seq.nrrd`; wins over what `study`
        holds.
    stress_aif, rest_aif : Path, optional
        AIF image series, or a curve as CSV (time_s, value).
    stress_mask, rest_mask : Path, optional
        Label map on the grid of the series: 1 myocardium, 2 LV blood, 3 RV blood.
    stress_pre_bolus, rest_pre_bolus : Path, optional
        Pre-bolus series of a dual-bolus study.
    t1_map : Path, optional
        Native T1 map (ms or s).
    pre_bolus : Path, optional
        Pre-bolus series of a study of one state; refused where there are two.
    times : Path, optional
        CSV with the time of every frame in seconds, for series whose files carry none or wrong ones.
    """

    study: Path | None = None
    stress: Path | None = None
    rest: Path | None = None
    stress_aif: Path | None = None
    rest_aif: Path | None = None
    stress_mask: Path | None = None
    rest_mask: Path | None = None
    stress_pre_bolus: Path | None = None
    rest_pre_bolus: Path | None = None
    t1_map: Path | None = None
    pre_bolus: Path | None = None
    times: Path | None = None

    @property
    def given(self) -> dict[str, Path]:
        """The parts that the user named, by name."""
        parts = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: Path(path) for name, path in parts.items() if path is not None}
