"""Each state of a dual-bolus study has its own pre-bolus."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_sequence
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

LEVELS = {"stress_pre_bolus": 100, "stress": 200, "rest_pre_bolus": 300, "rest": 400}
"""Value of the first pixel of each series: which one was taken."""


@pytest.fixture
def series(write, clocks, tmp_path):
    """Write one DICOM series of a level at a time of the day into a folder of its own."""

    def make(name, level, start_s, folder="", **tags):
        timing = {} if start_s is None else clocks.siemens(start_s=start_s)
        write(tmp_path / (folder or name), frames=12, pixels=lambda frame, _: level + frame, **{**timing, **tags})
        return tmp_path / (folder or name)

    return make


@pytest.fixture
def files(tmp_path):
    """Write the series as `.seq.nrrd`; return their paths by name."""
    random = np.random.default_rng(5)
    paths = {}
    for name, level in LEVELS.items():
        images = (level + random.uniform(0, 1, (12, 1, 8, 9))).astype(np.float32)
        images[0, 0, 0, 0] = level
        paths[name] = tmp_path / f"{name}.seq.nrrd"
        write_sequence(paths[name], images, np.arange(12) * 0.8, Geometry.axis_aligned(1))
    return paths


def level_of(series):
    return None if series is None else float(series.signal[0, 0, 0, 0])


def notices_of(study, code):
    acquired = [study.acquisition(state).pre_bolus for state in study.states]
    found = (*study.notices, *(item for series in acquired if series is not None for item in series.notices))
    return [item for item in found if item.code == code]


def load(**paths):
    return LoadingLogic().run(StudyRequest(**paths))


def test_each_state_takes_the_pre_bolus_that_was_given_for_it(files):
    study = load(**files)
    assert (level_of(study.stress.pre_bolus), level_of(study.rest.pre_bolus)) == (100, 300)


def test_one_pre_bolus_for_two_states_is_refused_by_the_names_of_the_options(files):
    with pytest.raises(InputError, match="--stress-pre-bolus and --rest-pre-bolus"):
        load(stress=files["stress"], rest=files["rest"], pre_bolus=files["stress_pre_bolus"])


def test_one_pre_bolus_for_two_states_of_a_dicom_folder_is_refused(series, tmp_path, files):
    for name, start_s in (("stress", 36000.0), ("rest", 37000.0)):
        series(name, 50, start_s, folder="study", SeriesDescription=f"perf {name}")
    with pytest.raises(InputError, match="--stress-pre-bolus and --rest-pre-bolus"):
        load(study=tmp_path / "study", pre_bolus=files["stress_pre_bolus"])


def test_the_same_pre_bolus_for_both_states_is_refused(files):
    files["rest_pre_bolus"] = files["stress_pre_bolus"]
    with pytest.raises(InputError, match="the same pre-bolus for stress and rest"):
        load(**files)


@pytest.mark.parametrize("state", ["stress", "rest"])
def test_a_study_of_one_state_still_takes_the_one_pre_bolus(files, state):
    study = load(**{state: files[state], "pre_bolus": files[f"{state}_pre_bolus"]})
    assert level_of(getattr(study, state).pre_bolus) == LEVELS[f"{state}_pre_bolus"]


def test_two_pre_bolus_series_for_one_state_are_refused(files):
    with pytest.raises(InputError, match="two pre-bolus series for rest"):
        load(rest=files["rest"], pre_bolus=files["stress_pre_bolus"], rest_pre_bolus=files["rest_pre_bolus"])


def test_files_named_by_state_give_each_state_its_own(files):
    study = load(study=files["rest"].parent)
    assert (level_of(study.stress.pre_bolus), level_of(study.rest.pre_bolus)) == (100, 300)


def test_pre_bolus_series_without_a_state_go_to_the_series_that_follows_them(series, tmp_path):
    for name, start_s in (("stress_pre_bolus", 36000.0), ("stress", 36200.0), ("rest_pre_bolus", 37000.0)):
        words = "prebolus" if "pre" in name else "perf stress"
        series(name, LEVELS[name], start_s, folder="study", SeriesDescription=words)
    series("rest", LEVELS["rest"], 37200.0, folder="study", SeriesDescription="perf rest")
    study = load(study=tmp_path / "study")
    assert (level_of(study.stress.pre_bolus), level_of(study.rest.pre_bolus)) == (100, 300)


def test_a_single_pre_bolus_before_stress_does_not_serve_rest(series, tmp_path):
    series("a", 100, 36000.0, folder="study", SeriesDescription="prebolus")
    series("b", 200, 36200.0, folder="study", SeriesDescription="perf stress")
    series("c", 400, 37200.0, folder="study", SeriesDescription="perf rest")
    study = load(study=tmp_path / "study")
    assert (level_of(study.stress.pre_bolus), level_of(study.rest.pre_bolus)) == (100, None)


def test_without_a_common_clock_the_series_numbers_give_the_order(series, clocks, tmp_path):
    for name in ("stress_pre_bolus", "stress", "rest_pre_bolus", "rest"):
        words = "prebolus" if "pre" in name else f"perf {name}"
        timing = clocks.ge(SeriesDescription=words)
        tags = timing.pop("tags")
        timing["tags"] = lambda frame, slice_, tags=tags: {"TriggerTime": tags(frame, slice_)["TriggerTime"]}
        series(name, LEVELS[name], None, folder="study", **timing)
    study = load(study=tmp_path / "study")
    assert (level_of(study.stress.pre_bolus), level_of(study.rest.pre_bolus)) == (100, 300)


def test_a_pre_bolus_that_belongs_to_neither_state_is_reported(series, tmp_path):
    series("a", 200, 36200.0, folder="study", SeriesDescription="perf stress")
    series("b", 400, 37200.0, folder="study", SeriesDescription="perf rest")
    series("c", 100, 38000.0, folder="study", SeriesDescription="prebolus")
    study = load(study=tmp_path / "study")
    assert study.stress.pre_bolus is None
    assert study.rest.pre_bolus is None
    assert "'prebolus'" in notices_of(study, "pre-bolus-unused")[0].message


def test_a_pre_bolus_given_for_the_wrong_state_is_a_serious_notice(series):
    paths = {
        name: series(name, level, 36000.0 + 5 * level, SeriesDescription=name.replace("_", " "))
        for name, level in LEVELS.items()
    }
    swapped = {"stress_pre_bolus": paths["rest_pre_bolus"], "rest_pre_bolus": paths["stress_pre_bolus"]}
    study = load(**{**paths, **swapped})
    contradicted = notices_of(study, "pre-bolus-state-contradicted")
    assert [item.severity for item in contradicted] == [Severity.SERIOUS] * 2
    assert notices_of(study, "pre-bolus-after-main")[0].severity is Severity.SERIOUS
    assert not notices_of(load(**paths), "pre-bolus-state-contradicted")
