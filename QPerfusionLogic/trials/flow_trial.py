"""The trial of blood flow: digital patients through the cascade, segment flow against the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from QPerfusionLogic.cascade import Cascade
from QPerfusionLogic.output_folder import writing_file
from QPerfusionLogic.progress import Progress


def run_flow_trial(output: Path, patients: int, seed: int, progress: Progress | None = None) -> str:
    """Quantify digital patients and write patient, state, segment, estimated and true flow (mL/min/g).

    Parameters
    ----------
    output : Path
        Folder of the table.
    patients, seed : int
        Patient k has the seed `seed` + k.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    str
        Lines for the terminal.
    """
    from QPerfusionLogic.phantom import DigitalPatient, simulate_patient

    progress = progress or Progress()
    lines = ["patient,state,segment,mbf,true_mbf"]
    for index in range(patients):
        part = progress.part(index / patients, (index + 1) / patients)
        simulated = simulate_patient(DigitalPatient.sample(seed + index), part.part(0.0, 0.4))
        result = Cascade().run(simulated.study, part.part(0.4, 1.0), stop_after="kinetics")
        for state, truth in simulated.truth.items():
            mapped = result.states[state].mapped
            for flow in mapped.segments if mapped is not None else ():
                inside = truth.segments == flow.segment
                if flow.layer == "all" and inside.any():
                    true_mbf = float(np.nanmean(truth.maps["mbf"][inside]))
                    lines.append(f"{seed + index},{state},{flow.segment},{flow.mbf:.5g},{true_mbf:.5g}")
    with writing_file(Path(output) / "segments.csv") as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{patients} patients, {len(lines) - 1} segments: {output}"
