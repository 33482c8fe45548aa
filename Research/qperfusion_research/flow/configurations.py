"""The arms of the trials of blood flow: which stages are estimated, which are the truth, with what settings."""

from __future__ import annotations

from dataclasses import dataclass

CNR = 20.0
"""Contrast-to-noise ratio of a pixel in the arms with true gadolinium and noise."""


@dataclass(frozen=True)
class Arm:
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
    Arm("matched kinetics, CNR 20", gadolinium="noisy truth", true_hematocrit=True),
    Arm("conversion"),
    Arm("arterial input", gadolinium="truth", arterial_input="images"),
    Arm("contours (and conversion)", contours=True),
    Arm("registration (and conversion)", registration=True),
    Arm("true contours, else automatic", registration=True, arterial_input="images"),
    Arm("automatic", registration=True, contours=True, arterial_input="images"),
)
"""One stage at a time estimated, the others replaced by the truth; last everything but contours, and everything."""
KINETICS = STAGES[:1]
CONTOURS = STAGES[-2:]
"""Automatic contours against true ones: the pair that differs in nothing else."""
ROUTES = (
    Arm("true input", gadolinium="truth"),
    *(
        Arm(f"{mode} input", gadolinium="truth", arterial_input="images", settings=(("aif.mode", mode),))
        for mode in ("dual_sequence", "dual_bolus", "learned", "model")
    ),
    *(
        Arm(
            f"{mode} input, no proton density{'' if dose else ', no dose'}",
            gadolinium="truth",
            arterial_input="images",
            settings=(("aif.mode", mode),),
            proton_density=False,
            dose=dose,
        )
        for mode in ("learned", "model", "population")
        for dose in (True, False)
    ),
    Arm("uncorrected", arterial_input="uncorrected", settings=(("conversion.mode", "relative_enhancement"),)),
)
"""True gadolinium without noise, so that nothing but the arterial input moves the flow; the last one reads blood and
tissue alike by relative enhancement, as is done where nothing is corrected."""
MODELS = (
    *(
        Arm(f"{model}, CNR 20", gadolinium="noisy truth", settings=(("kinetics.model", model),))
        for model in (
            "btex",
            "btex_cells",
            "fermi",
            "spline",
            "two_compartment_exchange",
            "one_compartment",
        )
    ),
    Arm("btex with priors, CNR 20", gadolinium="noisy truth", settings=(("kinetics.priors", "everywhere"),)),
    Arm("btex with one delay, CNR 20", gadolinium="noisy truth", settings=(("kinetics.delay", "shared"),)),
    *(
        Arm(f"{model}, images", arterial_input="images", settings=(("kinetics.model", model),))
        for model in ("btex", "btex_cells", "fermi", "spline")
    ),
    Arm("btex with priors, images", arterial_input="images", settings=(("kinetics.priors", "everywhere"),)),
)
"""Patlak and extended Tofts are not among them: they give the uptake rate, not flow."""
CONVERSIONS = (
    Arm("look-up by proton density, true input"),
    Arm("look-up by proton density and T1 map, true input", t1_map=True),
    Arm("look-up without proton density, true input", proton_density=False),
    Arm("look-up by proton density", arterial_input="images"),
    Arm("look-up by proton density and T1 map", arterial_input="images", t1_map=True),
    Arm("look-up without proton density", arterial_input="images", proton_density=False),
    Arm(
        "relative enhancement",
        arterial_input="images",
        settings=(("conversion.mode", "relative_enhancement"),),
    ),
)
TRIMS = tuple(
    Arm(
        f"trimmed {endo:g}/{epi:g} mm, {'automatic' if automatic else 'true'} contours",
        contours=automatic,
        settings=(("segmentation.trim_endo_mm", f"{endo}"), ("segmentation.trim_epi_mm", f"{epi}")),
    )
    for automatic in (False, True)
    for endo, epi in ((0.0, 0.0), (1.5, 1.0), (1.5, 1.5), (2.5, 2.0))
)
TRIALS: dict[str, tuple[Arm, ...]] = {
    "stages": STAGES,
    "kinetics": KINETICS,
    "contours": CONTOURS,
    "routes": ROUTES,
    "models": MODELS,
    "conversions": CONVERSIONS,
    "trims": TRIMS,
}
"""Name on the command line -> arms."""
