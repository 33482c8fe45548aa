"""The public names, for type checkers; `__init__.py` loads them when they are used."""

from .agreement.bland_altman import bland_altman as bland_altman
from .agreement.classification import threshold_agreement as threshold_agreement
from .agreement.comparison import compare_tables as compare_tables
from .agreement.regression import linear_regression as linear_regression
from .agreement.reliability import intraclass_correlation as intraclass_correlation
from .data.arrays import dice as dice
from .data.results import StudyResult as StudyResult
from .data.study import PerfusionStudy as PerfusionStudy
from .errors import InputError as InputError
from .errors import QPerfusionError as QPerfusionError
from .kinetics.models.btex import Btex as Btex
from .kinetics.models.btex_mixing_cells import BtexMixingCells as BtexMixingCells
from .kinetics.models.extended_tofts import ExtendedTofts as ExtendedTofts
from .kinetics.models.fermi import Fermi as Fermi
from .kinetics.models.one_compartment import OneCompartment as OneCompartment
from .kinetics.models.patlak import Patlak as Patlak
from .kinetics.models.spline_residue import SplineResidue as SplineResidue
from .kinetics.models.two_compartment_exchange import TwoCompartmentExchange as TwoCompartmentExchange
from .pipeline.earlier_result import read_result as read_result
from .progress import Progress as Progress
from .settings.schema import Settings as Settings
from .workflow.console import convert as convert
from .workflow.console import estimate_aif as estimate_aif
from .workflow.console import load as load
from .workflow.console import register as register
from .workflow.console import segment as segment
from .workflow.quantification import quantify as quantify

__version__: str
__all__: list[str]
