"""Digital patients with known truth: anatomy, bolus, tissue, scanner, motion, files.

Independent of the code that they measure.
"""

from .cohort_writer import simulate, write_patient
from .demonstration import demo_patient
from .dicom_writer import write_dicom
from .patient import DigitalPatient
from .simulate import simulate_patient
from .simulated import SimulatedStudy, StateTruth
from .truth_writer import write_truth

__all__ = [
    "DigitalPatient",
    "SimulatedStudy",
    "StateTruth",
    "demo_patient",
    "simulate",
    "simulate_patient",
    "write_dicom",
    "write_patient",
    "write_truth",
]
