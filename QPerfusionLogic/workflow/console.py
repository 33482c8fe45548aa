"""Functions of the Python console: a study from its files, and each stage by itself; offered by the package."""

from __future__ import annotations

from pathlib import Path

from QPerfusionLogic.data.results import ArterialInput, Concentration, Registered, Segmented, StateResult
from QPerfusionLogic.data.series import PerfusionSeries
from QPerfusionLogic.data.study import Acquisition, LabelMap, PerfusionStudy, T1Map
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import Settings


def load(
    study: Path | str | None = None,
    *,
    stress: Path | str | None = None,
    rest: Path | str | None = None,
    stress_aif: Path | str | None = None,
    rest_aif: Path | str | None = None,
    stress_mask: Path | str | None = None,
    rest_mask: Path | str | None = None,
    stress_pre_bolus: Path | str | None = None,
    rest_pre_bolus: Path | str | None = None,
    t1_map: Path | str | None = None,
    pre_bolus: Path | str | None = None,
    times: Path | str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> PerfusionStudy:
    """Load a study from its files.

    Parameters
    ----------
    study : Path or str, optional
        DICOM folder in which stress, rest, AIF, pre-bolus and T1 map are found.
    stress, rest : Path or str, optional
        Series of one state: a DICOM folder or file, NIfTI, NRRD or `.seq.nrrd`.
    stress_aif, rest_aif : Path or str, optional
        AIF image series, or a curve as CSV (time_s, value).
    stress_mask, rest_mask : Path or str, optional
        Label map on the grid of the series: 1 myocardium, 2 LV blood, 3 RV blood.
    stress_pre_bolus, rest_pre_bolus : Path or str, optional
        Pre-bolus series of a dual-bolus study; `pre_bolus` where there is one state only.
    t1_map : Path or str, optional
        Native T1 map (ms or s).
    times : Path or str, optional
        CSV with the time of every frame in seconds.
    settings : Settings, optional
        Those of loading are used.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    PerfusionStudy
        Series (frames, slices, rows, columns) of each state with frame times in s, geometry and protocol.

    Raises
    ------
    InputError
        When something is missing, unreadable or does not fit.

    Examples
    --------
    >>> load(stress="nowhere.nii.gz")
    Traceback (most recent call last):
    ...
    QPerfusionLogic.errors.InputError: ...
    """
    parts = {
        "study": study,
        "stress": stress,
        "rest": rest,
        "stress_aif": stress_aif,
        "rest_aif": rest_aif,
        "stress_mask": stress_mask,
        "rest_mask": rest_mask,
        "stress_pre_bolus": stress_pre_bolus,
        "rest_pre_bolus": rest_pre_bolus,
        "t1_map": t1_map,
        "pre_bolus": pre_bolus,
        "times": times,
    }
    request = StudyRequest(**{name: Path(path) for name, path in parts.items() if path is not None})
    return LoadingLogic((settings or Settings()).loading).run(request, progress)


def register(series: PerfusionSeries, settings: Settings | None = None, progress: Progress | None = None) -> Registered:
    """Take the motion out of a series and reject frames that do not fit.

    Parameters
    ----------
    series : PerfusionSeries
        Images (frames, slices, rows, columns) with their times.
    settings : Settings, optional
        Those of registration are used.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    Registered
        The registered series, displacement in mm, which frames were kept and why not.

    Raises
    ------
    CancelledError
        After a cancel.

    Examples
    --------
    >>> import numpy as np
    >>> from QPerfusionLogic.data.geometry import Geometry
    >>> time_s = np.arange(10.0)[:, None]
    >>> series = PerfusionSeries(np.ones((10, 1, 32, 32), np.float32), time_s, Geometry.axis_aligned(1))
    >>> register(series).kept.shape
    (10, 1)
    """
    from QPerfusionLogic.registration.logic import RegistrationLogic

    return RegistrationLogic((settings or Settings()).registration).run(series, progress)


def segment(
    registered: Registered,
    mask: LabelMap | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Segmented:
    """Find blood pools, myocardium, insertion points and AHA segments.

    Parameters
    ----------
    registered : Registered
        What `register` returned.
    mask : LabelMap, optional
        Labels (slices, rows, columns) that are used as they are: 1 myocardium, 2 LV blood, 3 RV blood.
    settings : Settings, optional
        Those of segmentation are used.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    Segmented
        Labels, AHA segments, layers, AIF region and insertion points.

    Raises
    ------
    InputError
        When the mask has another size than the series, or no myocardium.

    Examples
    --------
    >>> import numpy as np
    >>> from QPerfusionLogic.data.geometry import Geometry
    >>> time_s = np.arange(10.0)[:, None]
    >>> series = PerfusionSeries(np.ones((10, 1, 32, 32), np.float32), time_s, Geometry.axis_aligned(1))
    >>> [notice.code for notice in segment(register(series)).notices]
    ['heart-not-found']
    """
    from QPerfusionLogic.segmentation.logic import SegmentationLogic

    return SegmentationLogic((settings or Settings()).segmentation).run(registered, mask, progress)


def estimate_aif(
    acquisition: Acquisition,
    registered: Registered,
    segmented: Segmented,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> ArterialInput:
    """Estimate the arterial input function of one state by the AIF method of the settings.

    Parameters
    ----------
    acquisition : Acquisition
        Tissue series with AIF series, pre-bolus or curve where there is one, as `load` returned it.
    registered, segmented : Registered, Segmented
        What `register` and `segment` returned for the tissue series.
    settings : Settings, optional
        Those of AIF and conversion are used.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    ArterialInput
        Blood gadolinium (n,) in mmol/L over time in s on the clock of the tissue series, with features and notices.

    Raises
    ------
    InputError
        When the data do not allow the method.
    SettingsError
        When the method is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from QPerfusionLogic.data.geometry import Geometry
    >>> time_s = np.arange(10.0)[:, None]
    >>> series = PerfusionSeries(np.ones((10, 1, 32, 32), np.float32), time_s, Geometry.axis_aligned(1))
    >>> registered = register(series)
    >>> estimate_aif(Acquisition(series), registered, segment(registered))
    Traceback (most recent call last):
    ...
    QPerfusionLogic.errors.InputError: ...
    """
    from QPerfusionLogic.aif.logic import AifCorrectionLogic

    settings = settings or Settings()
    state = StateResult(acquisition.tissue.state, acquisition, registered, segmented)
    return AifCorrectionLogic(settings.aif, settings.conversion, settings.segmentation.aif_percentile).run(
        state, progress
    )


def convert(
    registered: Registered,
    segmented: Segmented,
    arterial_input: ArterialInput | None = None,
    t1_map: T1Map | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Concentration:
    """Convert the signal of a registered series to gadolinium.

    Parameters
    ----------
    registered, segmented : Registered, Segmented
        What `register` and `segment` returned.
    arterial_input : ArterialInput, optional
        What `estimate_aif` returned; what it learnt of the blood before contrast is used.
    t1_map : T1Map, optional
        Native T1 in s; tables per tissue where there is none.
    settings : Settings, optional
        Those of conversion are used.
    progress : Progress, optional
        Progress and cancel.

    Returns
    -------
    Concentration
        Gadolinium (frames, slices, rows, columns) in mmol/L, 0 before contrast, with the constants used.

    Raises
    ------
    InputError
        When the protocol lacks a value that the conversion needs.

    Examples
    --------
    >>> import numpy as np
    >>> from QPerfusionLogic.data.geometry import Geometry
    >>> time_s = np.arange(10.0)[:, None]
    >>> series = PerfusionSeries(np.ones((10, 1, 32, 32), np.float32), time_s, Geometry.axis_aligned(1))
    >>> registered = register(series)
    >>> settings = Settings().with_value("conversion.mode", "concentration")
    >>> convert(registered, segment(registered), settings=settings).gd_mmol_l.shape
    (10, 1, 32, 32)
    """
    from QPerfusionLogic.conversion.logic import ConversionLogic

    series = registered.series
    state = StateResult(series.state, Acquisition(series), registered, segmented, arterial_input)
    return ConversionLogic((settings or Settings()).conversion).run(state, t1_map, progress)
