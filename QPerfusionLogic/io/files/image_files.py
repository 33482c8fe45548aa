"""Series, maps and masks from NIfTI, NRRD and other single files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import PerfusionSeries, Quantity, SeriesKind, SeriesSource, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.clipped import clipping_notice
from QPerfusionLogic.io.dicom.frame_clock import FIXED_INTERVAL
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES
from QPerfusionLogic.io.dicom.leading_frames import found_notice, leading_frames
from QPerfusionLogic.settings.schema import LoadingSettings

from .axis_order import slices_last
from .nrrd_files import read_sequence
from .sidecar import Sidecar, read_sidecar
from .time_checks import plausible_times

NRRD_SUFFIXES = (".nrrd", ".nhdr")
ITK_SUFFIXES = (".nii", ".nii.gz", ".mha", ".mhd")
MOST_AXES = 5
SHORTEST_BEAT_S, LONGEST_BEAT_S = 0.3, 6.0


@dataclass(frozen=True)
class VolumeFile:
    """Content of one file: values (frames, slices, rows, columns), times (frames, slices) where it has them, place."""

    values: FloatArray
    time_s: FloatArray | None
    geometry: Geometry
    interval_s: float | None = None
    """Constant step between frames in a header that can hold no other times; None where it is no heart beat."""
    placed: bool = True
    """False where the file does not say where its pixels lie."""
    metadata: dict[str, str] = field(default_factory=dict)


def is_volume_file(path: Path) -> bool:
    """Return True for the file names this module reads."""
    return path.name.lower().endswith(NRRD_SUFFIXES + ITK_SUFFIXES)


def read_volume(path: Path, settings: LoadingSettings) -> VolumeFile:
    """Read a file as (frames, slices, rows, columns).

    Raises
    ------
    InputError
        When the file is unreadable or its axes do not fit `loading.axes`.
    """
    if not path.is_file():
        raise InputError(f"no file {path}", action="check the path")
    if path.name.lower().endswith(NRRD_SUFFIXES):
        found = read_sequence(path)
        if found.values.ndim != 4:
            raise InputError(f"vectors in {path}", expected="one number per pixel")
        interval_s = None if found.interval_s is None else _beat_s(found.interval_s)
        return VolumeFile(found.values, found.time_s, found.geometry, interval_s, metadata=found.metadata)
    return _read_with_itk(path, settings)


def load_series_file(
    path: Path, kind: SeriesKind, state: State, settings: LoadingSettings, timed: bool
) -> PerfusionSeries:
    """Read a dynamic series from one file.

    Parameters
    ----------
    timed : bool
        True when times are given elsewhere, so that a file without them is no error.
    """
    volume = read_volume(path, settings)
    frames, slices = volume.values.shape[:2]
    if frames < MINIMUM_FRAMES:
        raise InputError(
            f"{counted(frames, 'frame')} in {path} (read with loading.axes {settings.axes})",
            expected=f"at least {MINIMUM_FRAMES} frames of the first pass",
            action="choose the dynamic series, or set loading.axes",
        )
    if not np.isfinite(volume.values).all():
        raise InputError(f"pixels that are no numbers in {path}", expected="finite values")
    sidecar = read_sidecar(path)
    time_s, source, notices = frame_times_of(path, volume, sidecar, settings, timed)
    given = volume.metadata.get("quantity", "")
    quantity = Quantity(given) if given in set(Quantity) else Quantity.SIGNAL
    if np.iscomplexobj(volume.values):
        raise InputError(f"complex values in {path}", expected="magnitude images", action="export the magnitude")
    signal = volume.values.astype(np.float32, copy=False)
    leading = leading_frames(signal, settings) if quantity is Quantity.SIGNAL else 0
    if leading:
        notices = (*notices, found_notice(leading))
    if np.issubdtype(volume.values.dtype, np.integer):
        notices = (*notices, *clipping_notice(signal[leading:], signal[:leading] if leading else None))
    per_slice = time_s if time_s.ndim == 2 else np.repeat(time_s[:, None], slices, axis=1)
    return PerfusionSeries(
        signal=signal[leading:],
        time_s=per_slice[leading:] - per_slice[leading].min(),
        geometry=volume.geometry,
        protocol=sidecar.protocol if sidecar else Protocol(),
        kind=kind,
        state=state,
        quantity=quantity,
        proton_density=signal[:leading] if leading else None,
        source=SeriesSource(path=str(path), description=path.name, time_source=source, files=1),
        notices=notices,
    )


def frame_times_of(
    path: Path, volume: VolumeFile, sidecar: Sidecar | None, settings: LoadingSettings, timed: bool = False
) -> tuple[FloatArray, str, tuple[Notice, ...]]:
    """Return times (frames,) or (frames, slices), where they come from, and what to say of them."""
    frames = len(volume.values)
    if volume.time_s is not None:
        return plausible_times(path, volume.time_s), "times in the file", ()
    if sidecar is not None and sidecar.time_s is not None:
        if len(sidecar.time_s) != frames:
            raise InputError(f"{len(sidecar.time_s)} times beside {path}", expected=f"{frames}, one for each frame")
        return plausible_times(path, sidecar.time_s), "times in the JSON sidecar", ()
    interval_s = 1.0 if timed else settings.frame_interval_s
    if interval_s is not None:
        return np.arange(frames) * interval_s, FIXED_INTERVAL, ()
    if volume.interval_s is not None:
        message = f"frames are taken as {volume.interval_s:g} s apart, from the header; heart beats are not that even"
        notice = Notice.of(
            "constant-interval", message, "set the times where the true ones are known", option="--times CSV"
        )
        return np.arange(frames) * volume.interval_s, "constant step in the header", (notice,)
    raise InputError(
        f"no frame times in {path}",
        expected="the time of every frame",
        action="give the times or a constant interval",
        option="--times CSV, --set loading.frame_interval_s=SECONDS",
    )


def _read_with_itk(path: Path, settings: LoadingSettings) -> VolumeFile:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(
            f"{path}: unreadable as {path.suffix.lstrip('.')}", action="write or copy the file again"
        ) from error
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(f"{image.GetNumberOfComponentsPerPixel()} numbers per pixel in {path}", expected="one")
    values = SimpleITK.GetArrayFromImage(image).transpose()
    spacing = image.GetSpacing()
    if values.ndim == MOST_AXES and 1 in values.shape[3:]:
        values = values.squeeze(axis=3 + values.shape[3:].index(1))
    names = _axis_names(path, values.shape, settings.axes)
    standard = names == list("xyzt")[: len(names)]
    matrix = _itk_matrix(image)
    if standard and "z" in names:
        axes = slices_last(matrix[:3, :3], values.shape[:3])
        values, matrix = values.transpose([*axes, *range(3, values.ndim)]), matrix[:, [*axes, 3]]
    order = [names.index(name) for name in "tzyx" if name in names]
    arranged = values.transpose(order)
    for position, name in enumerate("tzyx"):
        if name not in names:
            arranged = np.expand_dims(arranged, position)
    slices = arranged.shape[1]
    return VolumeFile(
        np.ascontiguousarray(arranged),
        None,
        _stack_of(matrix, slices) if standard else _plain_geometry(names, spacing, slices),
        interval_s=_beat_s(spacing[-1] if values.ndim < len(spacing) else spacing[names.index("t")])
        if "t" in names
        else None,
        placed=standard,
    )


def _axis_names(path: Path, shape: tuple[int, ...], axes: str) -> list[str]:
    """Return the name of each axis of the file; a file with fewer axes lacks time, then slices."""
    names = axes.split(",")
    for absent in ("", "t", "z"):
        names = [name for name in names if name != absent]
        if len(names) == len(shape):
            return names
    raise InputError(f"{len(shape)} axes {shape} in {path}", expected=f"axes {axes}", action="set loading.axes")


def _beat_s(step_s: float) -> float | None:
    """Return the header's step where it can be a heart beat and is not the default of 1."""
    return step_s if SHORTEST_BEAT_S <= step_s <= LONGEST_BEAT_S and step_s != 1.0 else None


def _itk_matrix(image: object) -> FloatArray:
    """Return the (4, 4) matrix from the index in the file to LPS in mm."""
    size = image.GetDimension()  # type: ignore[attr-defined]
    direction = np.array(image.GetDirection()).reshape(size, size)  # type: ignore[attr-defined]
    spacing, origin = np.array(image.GetSpacing()), np.array(image.GetOrigin())  # type: ignore[attr-defined]
    count = min(size, 3)
    matrix = np.eye(4)
    matrix[:count, :count] = direction[:count, :count] * spacing[:count]
    matrix[:count, 3] = origin[:count]
    return matrix


def _stack_of(matrix: FloatArray, slices: int) -> Geometry:
    matrices = np.repeat(matrix[None], slices, axis=0)
    matrices[:, :3, 3] += np.arange(slices)[:, None] * matrix[:3, 2]
    return Geometry(matrices)


def _plain_geometry(names: list[str], spacing: tuple[float, ...], slices: int) -> Geometry:
    step = spacing[names.index("z")] if "z" in names else 10.0
    return Geometry.axis_aligned(slices, (spacing[names.index("y")], spacing[names.index("x")]), step)
