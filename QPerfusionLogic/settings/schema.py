"""One dataclass of settings per stage; the same object drives the panel, the command line and the JSON file."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from QPerfusionLogic.errors import InputError, SettingsError

from .fields import choice, number_field
from .old_names import present_settings
from .parsing import as_range, checked_value

StageName = Literal["", "superresolution", "registration", "segmentation", "aif", "conversion", "kinetics", "reporting"]
"""A stage; empty for the first or the last."""
STAGES = ("superresolution", "registration", "segmentation", "aif", "conversion", "kinetics", "reporting")
"""The stages in the order of the pipeline, after loading."""


@dataclass(frozen=True)
class LoadingSettings:
    """How files are read."""

    frame_interval_s: float | None = number_field(
        None, 0.05, 10.0, "s", "constant time between frames, for files that carry no times"
    )
    axes: str = field(
        default="x,y,z,t",
        metadata={
            "options": ("x,y,z,t", "x,y,t", "t,x,y", "t,y,x", "t,x,y,z", "t,z,y,x", "x,y,t,z", "y,x,t", "y,x,z,t"),
            "help": "order of the axes in a NIfTI file, first axis first",
        },
    )
    proton_density_frames: int | None = number_field(
        None, 0, 10, "", "leading proton-density frames; None: found from the images"
    )
    accept_swapped: bool = field(
        default=False,
        metadata={"help": "take stress and rest as given even where both series call themselves the opposite"},
    )
    labels: str = choice(
        "automatic",
        *("myocardium,lv,rv", "lv,myocardium,rv", "rv,myocardium,lv"),
        *("myocardium,rv,lv", "lv,rv,myocardium", "rv,lv,myocardium"),
        help="what the values 1, 2, 3 of a mask are; automatic: the label that encloses another is the myocardium",
    )
    accept_patient_ids: bool = field(
        default=False, metadata={"help": "take series with different PatientID as those of one patient"}
    )


@dataclass(frozen=True)
class SuperresolutionSettings:
    """Sharper frames from low-resolution acquisitions."""

    mode: str = choice(
        "none",
        "residual_bridge",
        "diffusion",
        "sr3",
        help="diffusion and sr3: own weights of `qperfusion train superresolution` with that preset",
    )
    fraction: float | None = number_field(
        None, 0.25, 0.75, "", "share of the phase-encoding lines that was measured; None: found from the images"
    )
    phase_encoding: str = choice("automatic", "rows", "columns", help="image axis along which lines are encoded")
    accept_full_resolution: bool = field(
        default=False,
        metadata={"help": "also where the outer lines hold signal: they are thrown away and estimated anew"},
    )
    steps: int = number_field(1, 1, 2000, "", "1: the expected frame; more: the mean of samples of so many steps")
    samples: int = number_field(2, 0, 32, "", "sampled frames behind the map of the spread; 0: none")
    weights: str = field(default="", metadata={"help": "file of own network weights; empty: the shipped ones"})
    device: str = choice(
        "automatic", "cpu", "cuda", "mps", help="where the network runs; automatic: a GPU if there is one"
    )


@dataclass(frozen=True)
class RegistrationSettings:
    """Motion correction and frame rejection."""

    mode: str = choice(
        "translation", "none", "deformable", help="how motion is taken out; none: frames stay where they are"
    )
    heart_centre: tuple[float, ...] = field(
        default=(), metadata={"help": "row, column in pixels; empty: found from the bolus"}
    )
    reject_frames: bool = field(
        default=True, metadata={"help": "leave out frames that do not show the heart where the others do"}
    )
    excluded_frames: tuple[int, ...] = field(default=(), metadata={"help": "frames excluded by hand"})
    restored_frames: tuple[int, ...] = field(default=(), metadata={"help": "frames kept whatever the rejection says"})


@dataclass(frozen=True)
class SegmentationSettings:
    """Heart box, blood pools, myocardium, insertion points, AHA segments."""

    mode: str = choice(
        "automatic", "classical", "network", help="what draws the contours; automatic: the network where torch is there"
    )
    weights: str = field(default="", metadata={"help": "file of own network weights; empty: the shipped ones"})
    trim_endo_mm: float = number_field(1.5, 0.0, 5.0, "mm", "trimmed from the endocardial edge against partial volume")
    trim_epi_mm: float = number_field(1.5, 0.0, 5.0, "mm", "trimmed from the epicardial edge against partial volume")
    right_blood_share: float = number_field(
        0.08,
        0.0,
        1.0,
        "",
        "pixels of the wall with a larger share of right-ventricular blood are in no segment; 1: off",
    )
    levels: str = field(
        default="automatic",
        metadata={
            "help": "level of each slice in their order: basal, mid, apical or none, with commas between; automatic: "
            "by number and order of the slices, one slice is mid"
        },
    )
    aif_percentile: float = number_field(75.0, 0.0, 99.0, "%", "pixels of the LV pool above it form the AIF region")


@dataclass(frozen=True)
class AifSettings:
    """How the arterial input is sampled and its saturation undone."""

    mode: str = choice(
        *("automatic", "dual_sequence", "dual_bolus", "neural_network", "signal_inversion", "concentration"),
        "population",
        help="where the arterial input comes from; automatic: the best that the data allow",
    )
    bolus_ratio: float = number_field(
        10.0, 1.0, 100.0, "", "dual bolus: main to pre-bolus dose (volume x concentration)"
    )
    dose_mmol_kg: float | None = number_field(
        None,
        0.005,
        0.4,
        "mmol/kg",
        "contrast of one injection: how high a saturated bolus is expected to be; None: the header's",
    )
    t2_star_correction: bool = field(
        default=True, metadata={"help": "undo the signal loss by T2* at the peak, from two echoes or a model"}
    )
    partial_volume: bool = field(
        default=True, metadata={"help": "dual sequence: take the wall out of blood pixels, by contours and resolution"}
    )
    b1_calibration: bool = field(
        default=True,
        metadata={
            "help": "dual sequence, dual bolus: B1+ and the scale of the AIF from the blood that both series saw"
        },
    )
    detrend: bool = field(
        default=False, metadata={"help": "take out a straight line through the frames before the bolus"}
    )
    compare: bool = field(
        default=False, metadata={"help": "take every AIF method that the data allow and show the flow that each gives"}
    )
    saturation_warning_mmol_l: float = number_field(
        3.0, 0.5, 20.0, "mmol/L", "apparent peak of the tissue-sequence AIF above which it is called saturated"
    )
    weights: str = field(
        default="",
        metadata={
            "help": "mode neural_network: file of own weights (.safetensors, card beside); empty: the shipped ones; "
            "published: the AI-AIF network as published"
        },
    )


@dataclass(frozen=True)
class ConversionSettings:
    """Signal to gadolinium."""

    mode: str = choice(
        *("look_up_table", "relative_enhancement", "concentration"),
        help="how signal becomes gadolinium; concentration: the images hold mmol/L already",
    )
    normalisation: str = choice(
        *("automatic", "proton_density", "baseline"),
        help="what signal is compared with; automatic: proton-density frames where there are some",
    )
    agent: str = field(default="", metadata={"help": "contrast agent; empty: from the header, else gadobutrol"})
    relaxivity_l_mmol_s: float | None = number_field(None, 1.0, 20.0, "L/mmol/s", "r1; None: the table's value")
    relaxivity_r2_l_mmol_s: float | None = number_field(None, 1.0, 40.0, "L/mmol/s", "r2; None: the table's value")
    t1_blood_s: float | None = number_field(None, 0.3, 4.0, "s", "native T1 of blood; None: the table's value")
    t1_myocardium_s: float | None = number_field(None, 0.3, 4.0, "s", "native T1 of myocardium; None: T1 map or table")
    saturation_efficiency: float | None = number_field(None, 0.5, 1.1, "", "1 is perfect saturation")
    b1_plus: float | None = number_field(
        None, 0.4, 1.6, "", "B1+ relative to nominal; None: from the blood of two series, else 1"
    )
    saturation_time_s: float | None = number_field(None, 0.001, 2.0, "s", "effective TS; None: from the header")
    repetition_time_s: float | None = number_field(None, 0.0005, 0.1, "s", "readout TR; None: from the header")
    flip_angle_deg: float | None = number_field(None, 1.0, 90.0, "degree", "readout flip angle; None: from the header")
    pulses_to_centre: int | None = number_field(
        None, 0, 500, "", "pulses before the centre of k-space; None: estimated"
    )
    field_strength_t: float | None = number_field(None, 0.1, 7.0, "T", "main magnetic field; None: from the header")
    sequence: str = choice("automatic", "flash", "bssfp", help="readout")
    maximum_gd_mmol_l: float = number_field(10.0, 1.0, 30.0, "mmol/L", "end of the look-up table")


@dataclass(frozen=True)
class KineticsSettings:
    """Curves to blood flow."""

    model: str = choice(
        "btex_mixing_cells",
        "btex",
        "fermi",
        "spline",
        "two_compartment_exchange",
        "one_compartment",
        "extended_tofts",
        "patlak",
        help="kinetic model of the tissue",
    )
    hematocrit: float = number_field(0.42, 0.2, 0.6, "", "haematocrit")
    input: str = choice("blood", "plasma", help="what the AIF is; plasma: taken as it is, flow is that of the plasma")
    delay: str | float = field(default="marginalised", metadata={"help": "marginalised, shared, or seconds"})
    integration: str = choice(
        "linear", "right", help="arterial input between its samples: straight lines, or held over each step"
    )
    arterial_interpolation: str = choice(
        "smooth", "linear", help="between the samples of a given curve; inputs read from images are always smooth"
    )
    cells: int = number_field(20, 1, 200, "", "mixing cells of btex_mixing_cells")
    bounds: dict[str, tuple[float, float]] = field(
        default_factory=dict, metadata={"help": "kinetics.bounds.NAME=low:high narrows a parameter"}
    )
    window_s: float | None = number_field(
        None, 1.0, 1000.0, "s", "fit window from bolus arrival; None: the model's own"
    )
    starts: int = number_field(2, 1, 12, "", "starts of each fit of the models with several minima")
    priors: str = choice(
        "hierarchical",
        "population",
        "none",
        help="hierarchical: curves of one heart share the centre of PS, Vp, ve and delay, which its segments give; "
        "population: log-normal over the published ranges; what has no such prior is flat over those ranges",
    )
    prior_scope: str = choice("pixels", "segments", help="which fits have the priors; pixels: segments and pixels")
    pixelwise: bool = field(default=True, metadata={"help": "fit every pixel; false: segments only"})
    blood_in_pixels: str = choice(
        "taken_out",
        "left_in",
        help="taken_out: pixels of the edge whose flow is high because they hold blood of the ventricle are fitted as "
        "mixtures of wall and blood, and marked so",
    )


@dataclass(frozen=True)
class ReportingSettings:
    """Segments, thresholds and what is written."""

    title: str = field(
        default="", metadata={"help": "a title for the report; no patient name is ever put in by itself"}
    )
    rest_normal_low: float = number_field(0.6, 0.0, 5.0, "mL/min/g", "qPerfusion explainer")
    rest_normal_high: float = number_field(1.0, 0.0, 5.0, "mL/min/g", "qPerfusion explainer")
    stress_normal_low: float = number_field(2.0, 0.0, 8.0, "mL/min/g", "qPerfusion explainer")
    stress_normal_high: float = number_field(4.0, 0.0, 8.0, "mL/min/g", "qPerfusion explainer")
    cad_stress_mbf: float = number_field(1.35, 0.0, 8.0, "mL/min/g", "Hsu 2018, used by AI-AIF")
    mpr_normal: float = number_field(2.0, 0.0, 10.0, "", "qPerfusion explainer")
    mpr_abnormal: float = number_field(1.5, 0.0, 10.0, "", "qPerfusion explainer")
    dicom: bool = field(default=False, metadata={"help": "write DICOM objects as well"})


@dataclass(frozen=True)
class Settings:
    """All settings of a study.

    Parameters
    ----------
    loading, superresolution, registration, segmentation, aif, conversion, kinetics, reporting
        The settings of each stage, one dataclass a stage; `qperfusion settings` lists all fields.

    Examples
    --------
    >>> settings = Settings().with_value("kinetics.model", "btex").with_value("kinetics.bounds.vp", "0.05:0.10")
    >>> settings.kinetics.model, settings.kinetics.bounds
    ('btex', {'vp': (0.05, 0.1)})
    """

    loading: LoadingSettings = field(default_factory=LoadingSettings)
    superresolution: SuperresolutionSettings = field(default_factory=SuperresolutionSettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    aif: AifSettings = field(default_factory=AifSettings)
    conversion: ConversionSettings = field(default_factory=ConversionSettings)
    kinetics: KineticsSettings = field(default_factory=KineticsSettings)
    reporting: ReportingSettings = field(default_factory=ReportingSettings)

    def with_value(self, name: str, value: Any) -> Settings:
        """Return a copy with one setting changed.

        Parameters
        ----------
        name : str
            "stage.field", or "kinetics.bounds.NAME".
        value : object
            The value, or its text as typed on a command line.

        Raises
        ------
        SettingsError
            When the setting is unknown or the value does not fit it.
        """
        (name, value), *others = present_settings(name, value)
        changed = self._with_value(name, value)
        for other, its_value in others:
            changed = changed._with_value(other, its_value)
        return changed

    def _with_value(self, name: str, value: Any) -> Settings:
        stage_name, _, field_name = name.partition(".")
        stages = {stage.name for stage in dataclasses.fields(self)}
        if stage_name not in stages or not field_name:
            raise SettingsError(
                f"setting {name!r}",
                expected=f"STAGE.FIELD with a stage among {', '.join(sorted(stages))}",
                action="see `qperfusion settings` for all of them",
            )
        stage: Any = getattr(self, stage_name)
        key, _, entry = field_name.partition(".")
        known = {item.name: item for item in dataclasses.fields(stage)}
        if key not in known:
            raise SettingsError(
                f"setting {name!r}",
                expected=f"a field of {stage_name}: {', '.join(known)}",
                action="check the spelling",
            )
        if entry:
            value = {**getattr(stage, key), entry: as_range(name, value)}
        checked = checked_value(f"{stage_name}.{key}", known[key], _hints(stage.__class__)[key], value)
        return dataclasses.replace(self, **{stage_name: dataclasses.replace(stage, **{key: checked})})

    def as_dictionary(self) -> dict[str, dict[str, Any]]:
        """Return the settings as plain nested dictionaries, ready for JSON."""
        return typing.cast("dict[str, dict[str, Any]]", json.loads(json.dumps(dataclasses.asdict(self))))

    @staticmethod
    def from_dictionary(content: dict[str, Any]) -> Settings:
        """Return settings from nested dictionaries; what is absent keeps its default."""
        settings = Settings()
        for stage_name, stage in content.items():
            if not isinstance(stage, dict):
                raise SettingsError(f"setting {stage_name!r} = {stage!r}", expected="an object of fields per stage")
            if not hasattr(settings, stage_name):
                settings.with_value(f"{stage_name}.unknown", "")
            for key, value in stage.items():
                settings = settings.with_value(f"{stage_name}.{key}", value)
        return settings

    @staticmethod
    def from_file(path: Path) -> Settings:
        """Read settings from a JSON file, or from the provenance.json of an earlier run.

        Raises
        ------
        InputError
            When the file is missing or is not a JSON object.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"no readable settings file {path} ({error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{path}: not JSON ({error})", expected="an object of stages") from error
        if not isinstance(content, dict):
            raise SettingsError(f"{path}: a JSON {type(content).__name__}", expected="an object of stages")
        stages = content.get("settings") if "provenance_version" in content else content
        if not isinstance(stages, dict):
            raise SettingsError(f"{path}: no settings in this provenance", expected="an object of stages")
        return Settings.from_dictionary(stages)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
