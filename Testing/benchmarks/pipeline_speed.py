"""Seconds and memory of a whole study, 3 slices of stress and rest: python Testing/benchmarks/pipeline_speed.py.

The digital patient of `qperfusion demo` is written as DICOM first; a second run in the same process shows what it costs
when kernels are compiled and packages are imported.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.phantom.files.dicom_writer import write_dicom
from QPerfusionLogic.phantom.simulation.demonstration import demo_patient
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.workflow.quantification import quantify


def main() -> None:
    """Print CPU and wall seconds of loading, of each stage and of the whole, and the largest memory so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="btex", help="kinetic model")
    settings = Settings().with_value("kinetics.model", parser.parse_args().model)
    with tempfile.TemporaryDirectory(prefix="qperfusion-speed-") as folder:
        dicom, out = Path(folder) / "dicom", Path(folder) / "out"
        write_dicom(demo_patient(), dicom)
        for run in ("first run", "second run"):
            cpu, wall = time.process_time(), time.perf_counter()
            LoadingLogic(settings.loading).run(StudyRequest(study=dicom))
            loading = time.process_time() - cpu
            cpu, wall = time.process_time(), time.perf_counter()
            result = quantify(StudyRequest(study=dicom), out, settings)
            whole, waited = time.process_time() - cpu, time.perf_counter() - wall
            stages = result.seconds
            images = sum(1 for _ in dicom.rglob("*.dcm"))
            print(f"{run}: {whole:.1f} s CPU, {waited:.1f} s by the clock; loading {images} images {loading:.1f} s CPU")
            print("  by the clock: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items()))
    print(
        f"largest memory, simulation included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GiB"
    )


if __name__ == "__main__":
    main()
