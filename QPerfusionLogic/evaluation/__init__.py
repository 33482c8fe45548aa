"""The ruler: agreement of measurements, overlap of segmentations, quality of images."""

from .bland_altman import BlandAltman, bland_altman
from .classification import ThresholdAgreement, threshold_agreement, vessel_values
from .command import add_compare_arguments, run_compare
from .comparison import Agreement, QuantityAgreement, agreement_of, compare_tables
from .comparison_files import summary_lines, write_agreement
from .estimate import Estimate
from .groups import GroupTest, mann_whitney
from .image_quality import global_ssim, nmse, nrmse, psnr, ssim, to_grey_scale
from .overlap import dice, label_dice, landmark_distance_mm
from .regression import Line, deming_regression, linear_regression
from .reliability import (
    IntraclassCorrelation,
    Repeatability,
    concordance,
    intraclass_correlation,
    repeatability,
)

__all__ = [
    "Agreement",
    "BlandAltman",
    "Estimate",
    "GroupTest",
    "IntraclassCorrelation",
    "Line",
    "QuantityAgreement",
    "Repeatability",
    "ThresholdAgreement",
    "add_compare_arguments",
    "agreement_of",
    "bland_altman",
    "compare_tables",
    "concordance",
    "deming_regression",
    "dice",
    "global_ssim",
    "intraclass_correlation",
    "label_dice",
    "landmark_distance_mm",
    "linear_regression",
    "mann_whitney",
    "nmse",
    "nrmse",
    "psnr",
    "repeatability",
    "run_compare",
    "ssim",
    "summary_lines",
    "threshold_agreement",
    "to_grey_scale",
    "vessel_values",
    "write_agreement",
]
