"""Names of stages, settings and choices as a person reads them, beside the names that are typed."""

from __future__ import annotations

STAGE_NAMES = {
    "loading": "Loading",
    "superresolution": "Super-resolution",
    "registration": "Motion correction",
    "segmentation": "Segmentation",
    "aif": "Arterial input",
    "conversion": "Signal to concentration",
    "kinetics": "Kinetics",
    "reporting": "Report",
}
"""Stage -> its name."""
CHOICE_NAMES = {
    "loading.labels": {
        "automatic": "Automatic",
        "myocardium,lv,rv": "1 myocardium, 2 LV, 3 RV",
        "lv,myocardium,rv": "1 LV, 2 myocardium, 3 RV",
        "rv,myocardium,lv": "1 RV, 2 myocardium, 3 LV",
        "myocardium,rv,lv": "1 myocardium, 2 RV, 3 LV",
        "lv,rv,myocardium": "1 LV, 2 RV, 3 myocardium",
        "rv,lv,myocardium": "1 RV, 2 LV, 3 myocardium",
    },
    "superresolution.mode": {
        "none": "Off",
        "residual_bridge": "Residual bridge",
        "diffusion": "Diffusion, own weights",
        "sr3": "SR3, own weights",
    },
    "superresolution.phase_encoding": {"automatic": "Automatic", "rows": "Rows", "columns": "Columns"},
    "superresolution.device": {"automatic": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"},
    "registration.mode": {
        "translation": "Translation per frame and slice",
        "none": "Off",
        "deformable": "Deformable, per pixel",
    },
    "segmentation.mode": {"automatic": "Automatic", "classical": "Classical", "network": "Neural network"},
    "aif.mode": {
        "automatic": "Automatic",
        "dual_sequence": "Dual sequence",
        "dual_bolus": "Dual bolus",
        "neural_network": "Neural network",
        "signal_inversion": "Signal inversion",
        "concentration": "Measured curve is a concentration",
        "population": "Population curve",
    },
    "conversion.mode": {
        "look_up_table": "Look-up table",
        "relative_enhancement": "Relative enhancement",
        "concentration": "Series is a concentration (mmol/L)",
    },
    "conversion.normalisation": {
        "automatic": "Automatic",
        "proton_density": "Proton-density frames",
        "baseline": "Baseline frames",
    },
    "conversion.sequence": {"automatic": "Automatic", "flash": "FLASH", "bssfp": "bSSFP"},
    "kinetics.model": {
        "btex_mixing_cells": "BTEX, mixing cells",
        "btex": "BTEX",
        "fermi": "Fermi",
        "spline": "B-spline deconvolution",
        "two_compartment_exchange": "Two-compartment exchange",
        "one_compartment": "One compartment",
        "extended_tofts": "Extended Tofts",
        "patlak": "Patlak",
    },
    "kinetics.input": {"blood": "Blood", "plasma": "Plasma"},
    "kinetics.integration": {"linear": "Linear between samples", "right": "Right end of each interval"},
    "kinetics.arterial_interpolation": {"smooth": "Smooth", "linear": "Linear"},
    "kinetics.priors": {"hierarchical": "Hierarchical", "population": "Population", "none": "Off"},
    "kinetics.prior_scope": {"segments": "Segments", "pixels": "Segments and pixels"},
    "kinetics.blood_in_pixels": {"taken_out": "Taken out", "left_in": "Left in"},
}
"""Setting -> its choices -> their names."""
_UNIT_ENDINGS = ("_l_mmol_s", "_mmol_kg", "_mmol_l", "_deg", "_mm", "_s", "_t")
_ABBREVIATIONS = {
    "r2": "r2",
    "t1": "T1",
    "t2": "T2",
    "aif": "AIF",
    "dicom": "DICOM",
    "cad": "CAD",
    "mbf": "MBF",
    "mpr": "MPR",
    "ids": "IDs",
    "gd": "Gd",
}


def choice_name(setting: str, value: str) -> str:
    """Return the name of a choice; a value without one is its own name.

    Examples
    --------
    >>> choice_name("kinetics.model", "btex_mixing_cells"), choice_name("loading.axes", "x,y,t")
    ('BTEX, mixing cells', 'x,y,t')
    """
    return CHOICE_NAMES.get(setting, {}).get(value, value)


def setting_name(setting: str) -> str:
    """Return the name of a setting within its stage, without its unit.

    Examples
    --------
    >>> setting_name("conversion.t1_blood_s"), setting_name("kinetics.hematocrit")
    ('T1 blood', 'Hematocrit')
    """
    text = setting.partition(".")[2]
    text = next((text.removesuffix(ending) for ending in _UNIT_ENDINGS if text.endswith(ending)), text)
    words = " ".join(_ABBREVIATIONS.get(word, word) for word in text.split("_"))
    return words if words[:2].lower() == "r2" else words[:1].upper() + words[1:]
