"""The kinetics room: curves of gadolinium to myocardial blood flow, with errors."""

from .curve_files import fit_csv, fit_file
from .fermi import Fermi
from .heart_prior import HeartPrior
from .inputs import KineticInput
from .logic import KineticFittingLogic
from .model import KineticFit

__all__ = ["Fermi", "HeartPrior", "KineticFit", "KineticFittingLogic", "KineticInput", "fit_csv", "fit_file"]
