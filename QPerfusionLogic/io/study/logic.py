"""Entry point of the loading stage: from paths to a study."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.series import PerfusionSeries, SeriesKind, State
from QPerfusionLogic.data.slice_order import base_first
from QPerfusionLogic.data.study import Acquisition, Curve, PerfusionStudy, T1Map
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.dicom_series import Timed, load_series, load_t1_map, places_of_images, t1_in_seconds
from QPerfusionLogic.io.dicom.frame_clock import FIXED_INTERVAL
from QPerfusionLogic.io.dicom.header.identity import check_one_patient, salt_of
from QPerfusionLogic.io.dicom.header.quiet import quiet_pydicom
from QPerfusionLogic.io.dicom.series_words import state_of_words
from QPerfusionLogic.io.files.csv_files import read_curve, read_times
from QPerfusionLogic.io.files.image_files import is_volume_file, load_series_file, read_volume
from QPerfusionLogic.io.masks.cvi42_contours import ImagePlaces
from QPerfusionLogic.io.masks.masks import load_mask
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.settings.schema import LoadingSettings

from .contents import Found, contents_of
from .examinations import of_one_examination, pair_notices
from .file_folder import with_files_named, words_of_name
from .given_times import clock_notice, same_beats_notice, with_given_times
from .pre_bolus import named_pre_bolus, order_notice, pre_bolus_beside, state_notice, unused_notice
from .request import StudyRequest
from .series_choice import aif_beside, choose, contrast_notice, other_purpose_notice, reasons_of, with_states
from .state_checks import check_distinct, check_not_swapped, check_states_given

_LOGGER = logging.getLogger(__name__)
STATES = (State.STRESS, State.REST)


class LoadingLogic:
    """Load a study: find the series of each state, read times, images, geometry and protocol, and check that they fit.

    Slices are ordered from base to apex where the files show their positions, and as they lie in the file elsewhere.

    Parameters
    ----------
    settings : LoadingSettings
    """

    def __init__(self, settings: LoadingSettings | None = None) -> None:
        self.settings = settings or LoadingSettings()

    def run(self, request: StudyRequest, progress: Progress | None = None) -> PerfusionStudy:
        """Load all that a request names.

        Raises
        ------
        InputError
            When something is missing, unreadable or does not fit, in one line.
        """
        with quiet_pydicom():
            study = _Loading(self.settings, request, progress or Progress()).study()
        for state in study.states:
            series = study.acquisition(state).tissue
            _LOGGER.info("%s: %d frames of %d slices, %d x %d pixels", state, series.frames, *series.image_shape)
        return study


class _Loading:
    """One run of the loader: what was found, under which salt, and what has to be said about it."""

    def __init__(self, settings: LoadingSettings, request: StudyRequest, progress: Progress) -> None:
        self._settings = settings
        self._request = request = with_files_named(request)
        self._progress = progress
        self._notices: list[Notice] = []
        self._pre_bolus_names: dict[State, str] = {}
        self._pre_boluses: list[Found | Path] = []
        times_path = request.given.get("times")
        self._times = {state: read_times(times_path, state) for state in STATES} if times_path else {}
        self._contents = self._read_contents()
        chosen_headers = [found.group.header for items in self._contents.values() for found in items]
        self._salt = salt_of(chosen_headers)

    def study(self) -> PerfusionStudy:
        """Return the study."""
        tissue = {state: self._tissue_of(state) for state in STATES}
        if not any(tissue.values()):
            paths = ", ".join(str(path) for path in self._request.given.values())
            raise InputError(
                f"no perfusion series in {paths or 'an empty request'}{reasons_of(self._contents.get('study', ()))}",
                expected="a dynamic series of the first pass",
                action="see `qperfusion inspect`, then name it with --stress PATH or --rest PATH",
            )
        check_states_given(self._request.given, tissue)
        self._check_patients(tissue)
        stress, rest = tissue[State.STRESS], tissue[State.REST]
        if isinstance(stress, Found) and isinstance(rest, Found):
            self._notices.extend(pair_notices(stress, rest))
        self._pre_bolus_names = named_pre_bolus(self._request, [state for state in STATES if tissue[state]])
        parts = dict(zip(STATES, (self._progress.part(0.3, 0.65), self._progress.part(0.65, 0.95)), strict=True))
        acquired = {state: self._acquisition(state, found, parts[state]) for state, found in tissue.items() if found}
        self._notices.extend(check_distinct(acquired))
        given = {state: self._state_by_words(tissue[state]) for state in acquired if state.value in self._request.given}
        series = {state: acquired[state].tissue if state in acquired else None for state in STATES}
        self._notices.extend(
            check_not_swapped(given, series[State.STRESS], series[State.REST], self._settings.accept_swapped)
        )
        self._notices.extend(unused_notice(self._contents.get("study", ()), self._pre_boluses))
        t1_map = self._t1_map()
        self._progress.update(1.0, "loaded")
        return PerfusionStudy(
            acquired.get(State.STRESS), acquired.get(State.REST), t1_map, tuple(dict.fromkeys(self._notices))
        )

    def _read_contents(self) -> dict[str, tuple[Found, ...]]:
        """Return the DICOM content of every path that is not a volume or CSV file, states decided."""
        contents = {}
        given = {name: path for name, path in self._request.given.items() if name != "times" and "mask" not in name}
        for number, (name, path) in enumerate(given.items()):
            if is_volume_file(path) or path.suffix.lower() == ".csv":
                continue
            part = self._progress.part(0.3 * number / len(given), 0.3 * (number + 1) / len(given))
            contents[name] = contents_of(path, part)
        if "study" in contents:
            contents["study"], others = of_one_examination(contents["study"])
            contents["study"], notices = with_states(contents["study"])
            self._notices.extend((*others, *notices))
        return contents

    def _tissue_of(self, state: State) -> Found | Path | None:
        path = self._request.given.get(state.value)
        if path is not None and state.value not in self._contents:
            return path
        if path is not None:
            return self._named_series(state)
        study = self._request.given.get("study")
        if study is not None and "study" not in self._contents:
            return study if (state_of_words(words_of_name(study)) or State.UNKNOWN) in _file_states(state) else None
        found, notices = choose(self._contents.get("study", ()), SeriesKind.TISSUE, state)
        self._notices.extend(notices)
        return found

    def _named_series(self, state: State) -> Found:
        """Return the perfusion series of a path that the user named for a state."""
        items = self._contents[state.value]
        of_state, notices = choose(items, SeriesKind.TISSUE, state)
        if of_state is None:
            of_state, notices = choose(items, SeriesKind.TISSUE)
        if of_state is None:
            of_state = max(items, key=lambda item: item.group.frames)
            notices = other_purpose_notice(of_state, state)
        self._notices.extend(notices)
        return of_state

    def _check_patients(self, tissue: dict[State, Found | Path | None]) -> None:
        named = [items for name, items in self._contents.items() if name != "study"]
        headers = [found.group.header for items in named for found in items]
        headers += [found.group.header for found in tissue.values() if isinstance(found, Found)]
        headers += [item.group.header for item in self._contents.get("study", ()) if item.fits(SeriesKind.TISSUE)]
        self._notices.extend(check_one_patient(headers, self._settings.accept_patient_ids))

    def _state_by_words(self, found: Found | Path | None) -> tuple[State, str]:
        if isinstance(found, Found):
            return found.role.state, found.name
        return state_of_words(words_of_name(Path(found or ""))), Path(found or "").name

    def _acquisition(self, state: State, found: Found | Path, progress: Progress) -> Acquisition:
        tissue = self._series(found, SeriesKind.TISSUE, state, progress.part(0.0, 0.7))
        series = self._with_given_times(tissue.series)
        aif = self._aif(state, found, tissue, progress.part(0.7, 0.9))
        pre_bolus = self._pre_bolus(state, found, progress.part(0.9, 1.0))
        mask = None
        mask_path = self._request.given.get(f"{state}_mask")
        if mask_path is not None:
            mask, notices = load_mask(mask_path, series, self._settings, self._places_of(found))
            series = replace(series, notices=(*series.notices, *notices))
        return base_first(
            Acquisition(
                tissue=series,
                aif_series=aif if isinstance(aif, PerfusionSeries) else None,
                aif_curve=aif if isinstance(aif, Curve) else None,
                pre_bolus=pre_bolus,
                mask=mask,
            )
        )

    def _places_of(self, found: Found | Path) -> ImagePlaces:
        return places_of_images(found.group) if isinstance(found, Found) else {}

    def _series(self, found: Found | Path, kind: SeriesKind, state: State, progress: Progress) -> Timed:
        if isinstance(found, Path):
            timed = bool(self._times) and kind is not SeriesKind.PRE_BOLUS
            series = load_series_file(found, kind, state, self._settings, timed)
            return Timed(series, {}, str(found))
        role = replace(found.role, kind=kind, state=state)
        settings = self._settings
        if self._times and kind is not SeriesKind.PRE_BOLUS and settings.frame_interval_s is None:
            settings = replace(settings, frame_interval_s=1.0)
        return load_series(found.group, role, found.path, self._salt, settings, progress)

    def _with_given_times(self, series: PerfusionSeries) -> PerfusionSeries:
        """Return the series on the times of the CSV that the user gave."""
        if not self._times:
            return series
        return with_given_times(series, self._times[series.state], self._request.given["times"])

    def _aif(
        self, state: State, tissue: Found | Path, timed: Timed, progress: Progress
    ) -> PerfusionSeries | Curve | None:
        path = self._request.given.get(f"{state}_aif")
        if path is not None and path.suffix.lower() == ".csv":
            return read_curve(path)
        found = self._named_part(f"{state}_aif", SeriesKind.AIF)
        if found is None and isinstance(tissue, Found):
            found = aif_beside(self._neighbours(tissue), tissue)
        if found is None:
            return None
        aif = self._series(found, SeriesKind.AIF, state, progress)
        return self._on_clock_of(timed, aif)

    def _named_part(self, name: str, kind: SeriesKind) -> Found | Path | None:
        """Return the AIF or pre-bolus series that the user named, or None."""
        path = self._request.given.get(name)
        if path is None or name not in self._contents:
            return path
        found = choose(self._contents[name], kind)[0] or choose(self._contents[name], SeriesKind.TISSUE)[0]
        return found or max(self._contents[name], key=lambda item: item.group.frames)

    def _neighbours(self, tissue: Found) -> Sequence[Found]:
        return next(
            (items for items in self._contents.values() if any(item.group is tissue.group for item in items)), ()
        )

    def _on_clock_of(self, tissue: Timed, aif: Timed) -> PerfusionSeries:
        """Return the AIF series with its times counted from the first frame of the perfusion series."""
        untimed = aif.series.source.time_source == FIXED_INTERVAL and self._settings.frame_interval_s is None
        if self._times and untimed:
            return self._with_given_times(aif.series)
        delay_s = aif.delay_after(tissue)
        if not self._times and delay_s is not None:
            return replace(aif.series, time_s=aif.series.time_s + delay_s)
        beats_s = None if self._times else aif.beats_after(tissue)
        if beats_s is not None:
            notices = (*aif.series.notices, same_beats_notice())
            return replace(aif.series, time_s=aif.series.time_s + beats_s, notices=notices)
        return replace(aif.series, notices=(*aif.series.notices, clock_notice(tissue.series, aif.series)))

    def _pre_bolus(self, state: State, tissue: Found | Path, progress: Progress) -> PerfusionSeries | None:
        """Return the pre-bolus series of one state, with what contradicts it as notices."""
        found = self._named_part(self._pre_bolus_names.get(state, ""), SeriesKind.PRE_BOLUS)
        if found is None and isinstance(tissue, Found):
            found = pre_bolus_beside(self._neighbours(tissue), tissue, state)
        if found is None:
            return None
        self._pre_boluses.append(found)
        series = self._series(found, SeriesKind.PRE_BOLUS, state, progress).series
        notices = state_notice(self._state_by_words(found), state)
        if isinstance(found, Found) and isinstance(tissue, Found):
            notices += order_notice(found, tissue)
        return replace(series, notices=(*series.notices, *notices))

    def _t1_map(self) -> T1Map | None:
        path = self._request.given.get("t1_map")
        if path is not None and is_volume_file(path):
            volume = read_volume(path, replace(self._settings, axes="x,y,z,t"))
            return T1Map(t1_in_seconds(volume.values[0], path), volume.geometry)
        items: Sequence[Found] = self._contents.get("t1_map", ()) or self._contents.get("study", ())
        found, notices = choose(items, SeriesKind.T1_MAP)
        if found is None and path is not None:
            found = items[0]
        if found is None:
            return None
        tissue = [item for item in self._contents.get("study", ()) if item.fits(SeriesKind.TISSUE)]
        self._notices.extend((*notices, *contrast_notice(found, tissue)))
        return load_t1_map(found.group, found.path, self._salt, self._progress.part(0.95, 1.0))


def _file_states(state: State) -> tuple[Any, ...]:
    """Return the states a file's name may show to be loaded as `state`; a name that shows none is taken as rest."""
    return (State.STRESS,) if state is State.STRESS else (State.REST, State.UNKNOWN)
