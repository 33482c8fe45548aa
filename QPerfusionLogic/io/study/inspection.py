"""What `inspect` shows of each series."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError, QPerfusionError
from QPerfusionLogic.io.dicom.dicom_pixels import read_images
from QPerfusionLogic.io.dicom.dicom_scan import Scan
from QPerfusionLogic.io.dicom.frame_clock import clock_of
from QPerfusionLogic.io.dicom.header.identity import without_names
from QPerfusionLogic.io.dicom.header.image_group import ImageGroup
from QPerfusionLogic.io.dicom.header.protocol_tags import protocol_of, vendor_of
from QPerfusionLogic.io.dicom.header.quiet import quiet_pydicom
from QPerfusionLogic.io.dicom.header.tags import Tags
from QPerfusionLogic.io.dicom.leading_frames import BASELINE_FRAMES, MOST_LEADING_FRAMES, leading_proton_density_frames
from QPerfusionLogic.io.dicom.series_identity import whole_uid
from QPerfusionLogic.io.dicom.series_words import state_of_words
from QPerfusionLogic.io.dicom.stacking import stack_of
from QPerfusionLogic.io.files.image_files import frame_times_of, is_volume_file, read_volume
from QPerfusionLogic.io.files.sidecar import read_sidecar
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import LoadingSettings

from .contents import Found, damage, scanned
from .examinations import of_one_examination
from .file_folder import volume_files_in, words_of_name
from .series_choice import with_states


@dataclass(frozen=True)
class SeriesSummary:
    """One acquisition: its role and why, size, times and where they come from, protocol, problems."""

    description: str
    series_number: int | None
    kind: SeriesKind
    state: State
    reason: str
    slices: int
    frames: int
    rows: int
    columns: int
    proton_density_frames: int
    echoes: int
    interval_s: float | None
    shortest_interval_s: float | None
    longest_interval_s: float | None
    time_source: str
    clocks_left_out: tuple[str, ...]
    protocol: Protocol
    problems: tuple[str, ...]

    def as_dictionary(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return dataclasses.asdict(self)

    def as_text(self) -> str:
        """Return a few lines for a terminal."""
        role = self.kind if self.state is State.UNKNOWN else f"{self.state} {self.kind}"
        lines = [
            f"series {'-' if self.series_number is None else self.series_number}  {self.description or '(no words)'}",
            f"  role      {role.replace('_', ' ')} ({self.reason})",
            f"  size      {self._size()}{self._extras()}",
        ]
        if self.interval_s is not None:
            spread = f"{self.shortest_interval_s:.3f} to {self.longest_interval_s:.3f}"
            lines.append(f"  times     {self.interval_s:.3f} s apart ({spread}), from {self.time_source}")
        if self.interval_s is not None and self.clocks_left_out:
            lines.append(f"            not from {'; '.join(self.clocks_left_out)}")
        known = self._protocol_text()
        if self.protocol != Protocol():
            lines.append(f"  protocol  {known}")
        lines.extend(f"  problem   {problem}" for problem in self.problems)
        return "\n".join(lines)

    def _size(self) -> str:
        return f"{counted(self.frames, 'frame')}, {counted(self.slices, 'slice')}, {self.rows} x {self.columns}"

    def _extras(self) -> str:
        extras = [f"{self.proton_density_frames} proton-density frames"] if self.proton_density_frames else []
        extras += [f"{self.echoes} echoes"] if self.echoes > 1 else []
        return "".join(f", {extra}" for extra in extras)

    def _protocol_text(self) -> str:
        shown = (
            ("vendor", "", "", 1.0),
            ("model_name", "", "", 1.0),
            ("field_strength_t", "", " T", 1.0),
            ("sequence", "", "", 1.0),
            ("repetition_time_s", "TR ", " ms", 1e3),
            ("echo_time_s", "TE ", " ms", 1e3),
            ("second_echo_time_s", "TE2 ", " ms", 1e3),
            ("flip_angle_deg", "flip ", " degrees", 1.0),
            ("saturation_time_s", "TS ", " ms", 1e3),
            ("pulses_to_centre", "", " pulses to centre", 1.0),
            ("agent", "", "", 1.0),
            ("dose_mmol_kg", "", " mmol/kg", 1.0),
            ("heart_rate_bpm", "heart rate ", "", 1.0),
        )
        parts = []
        for name, before, after, scale in shown:
            value = getattr(self.protocol, name)
            if value is None or value == "":
                continue
            parts.append(f"{before}{value if isinstance(value, str) else format(value * scale, '.5g')}{after}")
        return ", ".join(parts)


def inspect(
    path: Path, settings: LoadingSettings | None = None, progress: Progress | None = None
) -> tuple[SeriesSummary, ...]:
    """Return what series lie under a path, perfusion series first.

    Raises
    ------
    InputError
        When there is nothing to read.
    """
    with quiet_pydicom():
        return _summaries(Path(path), settings or LoadingSettings(), progress or Progress())


def _summaries(path: Path, settings: LoadingSettings, progress: Progress) -> tuple[SeriesSummary, ...]:
    if is_volume_file(path):
        return (_of_volume(path, settings),)
    volumes = volume_files_in(path) if path.is_dir() else ()
    if volumes:
        return tuple(_of_volume(file, settings) for file in volumes)
    content, everything = scanned(path, progress)
    found: Sequence[Found] = everything
    try:
        one, others = of_one_examination(found)
        given, notices = with_states(one)
        left = [item for item in found if not any(item is kept for kept in one)]
        found = (*given, *left)
        problems = tuple(notice.message for notice in (*others, *notices))
    except InputError as error:
        problems = (str(error),)
    summaries = [
        _of_group(item, settings, (*_damage_of(item, content), *(text for text in problems if item.name in text)))
        for item in found
    ]
    return tuple(sorted(summaries, key=lambda item: (item.kind is SeriesKind.OTHER, item.series_number or 0)))


def _damage_of(item: Found, content: Scan) -> tuple[str, ...]:
    """Return what is known of damaged files in a series, or that may be its own because they lost their series."""
    own = {
        file: broken
        for file, broken in content.broken.items()
        if broken.series_uid == whole_uid(item.group.first.series_uid)
    }
    lost = {file: broken for file, broken in content.broken.items() if broken.series_uid not in content.series_uids}
    found = [damage(own)] if own else []
    if lost and item.role.kind is not SeriesKind.OTHER:
        found.append(f"{damage(lost)} may be of this series")
    return tuple(found)


@dataclass(frozen=True)
class _Timing:
    """Frames of a series and the steps (frames - 1,) between them, with their source and what is wrong."""

    frames: int
    proton_density_frames: int = 0
    steps_s: FloatArray = field(default_factory=lambda: np.array([]))
    source: str = ""
    clocks_left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def as_fields(self) -> dict[str, Any]:
        """Return the fields of a summary that show the timing."""
        known = self.steps_s.size > 0
        return {
            "frames": self.frames,
            "proton_density_frames": self.proton_density_frames,
            "interval_s": float(np.median(self.steps_s)) if known else None,
            "shortest_interval_s": float(self.steps_s.min()) if known else None,
            "longest_interval_s": float(self.steps_s.max()) if known else None,
            "time_source": self.source,
            "clocks_left_out": self.clocks_left_out,
        }


def _of_group(item: Found, settings: LoadingSettings, problems: tuple[str, ...]) -> SeriesSummary:
    group, tags = item.group, Tags(item.group.header)
    protocol, notices = protocol_of(group)
    dynamic = item.role.kind in (SeriesKind.TISSUE, SeriesKind.AIF, SeriesKind.PRE_BOLUS)
    timing = _timing_of(group, settings) if dynamic else _Timing(group.frames)
    return SeriesSummary(
        description=without_names(tags.text("SeriesDescription") or tags.text("ProtocolName"), group.header),
        series_number=tags.integer("SeriesNumber"),
        kind=item.role.kind,
        state=item.role.state,
        reason=item.role.reason,
        slices=group.slices,
        rows=group.first.rows,
        columns=group.first.columns,
        echoes=2 if group.second_echo else 1,
        protocol=protocol,
        problems=(
            *group.remarks,
            *(notice.message for notice in notices if dynamic),
            *problems,
            *timing.problems,
        ),
        **timing.as_fields(),
    )


def _timing_of(group: ImageGroup, settings: LoadingSettings) -> _Timing:
    vendor = vendor_of(group.header)
    try:
        clock = clock_of(group, vendor, settings.frame_interval_s)
        stack = stack_of(group.slice_index, clock.time_s, group.temporal_positions)
        tagged = len(group.proton_density) // max(group.slices, 1)
        leading = 0 if tagged else _leading_proton_density(group, stack.index)
    except QPerfusionError as error:
        return _Timing(group.frames, problems=(str(error),))
    return _Timing(
        frames=len(stack.index) - leading,
        proton_density_frames=tagged or leading,
        steps_s=np.diff(stack.time_s[leading:, 0]),
        source=clock.source,
        clocks_left_out=tuple(reason for reason in clock.rejected if "absent" not in reason),
        problems=tuple(notice.message for notice in (*clock.notices, *stack.notices)),
    )


def _leading_proton_density(group: ImageGroup, index: NDArray[np.intp]) -> int:
    """Return how many frames at the head of a series are proton-density weighted, from its first images alone."""
    head = index[: MOST_LEADING_FRAMES + BASELINE_FRAMES]
    images = read_images([group.records[k] for k in head.ravel()], Progress())
    return leading_proton_density_frames(images.reshape(*head.shape, *images.shape[1:]))


def _of_volume(path: Path, settings: LoadingSettings) -> SeriesSummary:
    volume, sidecar = read_volume(path, settings), read_sidecar(path)
    frames, slices, rows, columns = volume.values.shape
    timing = _Timing(frames)
    if frames > 1:
        try:
            time_s, source, notices = frame_times_of(path, volume, sidecar, settings)
            steps_s = np.diff(time_s.reshape(frames, -1)[:, 0])
            timing = _Timing(frames, 0, steps_s, source, problems=tuple(notice.message for notice in notices))
        except QPerfusionError as error:
            timing = _Timing(frames, problems=(str(error),))
    return SeriesSummary(
        description=path.name,
        series_number=None,
        kind=SeriesKind.TISSUE if frames > 1 else SeriesKind.OTHER,
        state=state_of_words(words_of_name(path)),
        reason=f"{frames} frames in the file" if frames > 1 else "one frame: a map or mask",
        slices=slices,
        rows=rows,
        columns=columns,
        echoes=1,
        protocol=sidecar.protocol if sidecar else Protocol(),
        problems=timing.problems,
        **timing.as_fields(),
    )
