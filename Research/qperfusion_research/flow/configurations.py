"""The configurations of the evaluations of blood flow: which stages are estimated, which are the truth, with what
settings."""

from __future__ import annotations

from dataclasses import dataclass

CNR = 20.0
"""Contrast-to-noise ratio of a pixel in the configurations with true gadolinium and noise."""


@dataclass(frozen=True)
class Configuration:
    """One way to quantify a digital patient.

    Parameters
    ----------
    name : str
        Row of the tables.
    registration, contours : bool
        True: estimated from the images; False: the truth.
    arterial_input : str
        "truth", "images", or "uncorrected": the saturated blood curve of the tissue series as conversion gives it.
    gadolinium : str
        "truth", "noisy truth", or "images".
    settings : tuple of (str, str)
        Settings changed, as "stage.field" and value.
    true_hematocrit, t1_map, proton_density, dose : bool
        Whether the patient's haematocrit, native T1 map, the proton-density frames of all series and the injected dose
        are at hand.
    """

    name: str
    registration: bool = False
    contours: bool = False
    arterial_input: str = "truth"
    gadolinium: str = "images"
    settings: tuple[tuple[str, str], ...] = ()
    true_hematocrit: bool = False
    t1_map: bool = False
    proton_density: bool = True
    dose: bool = True


STAGES = (
    Configuration("matched kinetics, CNR 20", gadolinium="noisy truth", true_hematocrit=True),
    Configuration("conversion"),
    Configuration("arterial input", gadolinium="truth", arterial_input="images"),
    Configuration("contours (and conversion)", contours=True),
    Configuration("registration (and conversion)", registration=True),
    Configuration("true contours, else automatic", registration=True, arterial_input="images"),
    Configuration("automatic", registration=True, contours=True, arterial_input="images"),
)
"""One stage at a time estimated, the others replaced by the truth; last everything but contours, and everything."""
KINETICS = STAGES[:1]
CONTOURS = STAGES[-2:]
"""Automatic contours against true ones: the pair that differs in nothing else."""
AIF_METHODS = (
    Configuration("true input", gadolinium="truth"),
    *(
        Configuration(f"{mode} input", gadolinium="truth", arterial_input="images", settings=(("aif.mode", mode),))
        for mode in ("dual_sequence", "dual_bolus", "neural_network", "signal_inversion")
    ),
    *(
        Configuration(
            f"{mode} input, no proton density{'' if dose else ', no dose'}",
            gadolinium="truth",
            arterial_input="images",
            settings=(("aif.mode", mode),),
            proton_density=False,
            dose=dose,
        )
        for mode in ("neural_network", "signal_inversion", "population")
        for dose in (True, False)
    ),
    Configuration("uncorrected", arterial_input="uncorrected", settings=(("conversion.mode", "relative_enhancement"),)),
)
"""True gadolinium without noise, so that nothing but the arterial input moves the flow; the last one reads blood and
tissue alike by relative enhancement, as is done where nothing is corrected."""
MODELS = (
    *(
        Configuration(f"{model}, CNR 20", gadolinium="noisy truth", settings=(("kinetics.model", model),))
        for model in (
            "btex",
            "btex_mixing_cells",
            "fermi",
            "spline",
            "two_compartment_exchange",
            "one_compartment",
        )
    ),
    Configuration(
        "btex with priors, CNR 20",
        gadolinium="noisy truth",
        settings=(("kinetics.priors", "population"), ("kinetics.prior_scope", "pixels")),
    ),
    Configuration("btex with one delay, CNR 20", gadolinium="noisy truth", settings=(("kinetics.delay", "shared"),)),
    *(
        Configuration(f"{model}, images", arterial_input="images", settings=(("kinetics.model", model),))
        for model in ("btex", "btex_mixing_cells", "fermi", "spline")
    ),
    Configuration(
        "btex with priors, images",
        arterial_input="images",
        settings=(("kinetics.priors", "population"), ("kinetics.prior_scope", "pixels")),
    ),
)
"""Patlak and extended Tofts are not among them: they give the uptake rate, not flow."""
CONVERSIONS = (
    Configuration("look-up by proton density, true input"),
    Configuration("look-up by proton density and T1 map, true input", t1_map=True),
    Configuration("look-up without proton density, true input", proton_density=False),
    Configuration("look-up by proton density", arterial_input="images"),
    Configuration("look-up by proton density and T1 map", arterial_input="images", t1_map=True),
    Configuration("look-up without proton density", arterial_input="images", proton_density=False),
    Configuration(
        "relative enhancement",
        arterial_input="images",
        settings=(("conversion.mode", "relative_enhancement"),),
    ),
)
TRIMS = tuple(
    Configuration(
        f"trimmed {endo:g}/{epi:g} mm, {'automatic' if automatic else 'true'} contours",
        contours=automatic,
        settings=(("segmentation.trim_endo_mm", f"{endo}"), ("segmentation.trim_epi_mm", f"{epi}")),
    )
    for automatic in (False, True)
    for endo, epi in ((0.0, 0.0), (1.5, 1.0), (1.5, 1.5), (2.5, 2.0))
)
FLOW_EVALUATIONS: dict[str, tuple[Configuration, ...]] = {
    "stages": STAGES,
    "kinetics": KINETICS,
    "contours": CONTOURS,
    "aif_methods": AIF_METHODS,
    "models": MODELS,
    "conversions": CONVERSIONS,
    "trims": TRIMS,
}
"""Name on the command line -> configurations."""
