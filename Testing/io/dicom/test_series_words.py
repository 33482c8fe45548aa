"""State and purpose of a series are named in eight languages, with or without accents, in any width of letters."""

import pytest

from QPerfusionLogic.data.notices import Severity
from QPerfusionLogic.data.series import SeriesKind, State
from QPerfusionLogic.io.dicom.series_words import AIF, plain_words, state_of_words, word_of
from QPerfusionLogic.io.study.inspection import inspect
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

STRESS = (
    "アデノシン負荷",
    "薬剤負荷 灌流",
    "ＡＴＰ perf",
    "ﾄﾞﾌﾞﾀﾐﾝ",
    "ジピリダモール",
    "Belastung",
    "perfusion d'effort",
    "sous adénosine",
    "Estrés",
    "esfuerzo",
    "esforço",
    "perfusão estresse",
    "sforzo",
    "dipiridamolo",
    "inspanning",
    "负荷灌注",
    "腺苷",
    "瑞加诺生",
    "Regadenoson",
    "Rapiscan",
    "DOBUTAMIN",
)
REST = (
    "安静時",
    "レスト",
    "Ruheperfusion",
    "repos",
    "reposo",
    "repouso",
    "a riposo",
    "in rust",
    "静息",
    "perf_REST_1",
    "ohne Belastung",
    "sans stress",
    "無負荷",
    "no adenosine",
)
NEITHER = ("restore", "restricted", "adenoma", "atpase", "ブレスト", "stress and rest", "运动校正", "")


@pytest.mark.parametrize("text", STRESS)
def test_words_and_drugs_of_stress_are_known(text):
    assert state_of_words(plain_words(text)) is State.STRESS


@pytest.mark.parametrize("text", REST)
def test_words_of_rest_are_known(text):
    assert state_of_words(plain_words(text)) is State.REST


@pytest.mark.parametrize("text", NEITHER)
def test_words_that_only_look_like_a_state_name_none(text):
    assert state_of_words(plain_words(text)) is State.UNKNOWN


@pytest.mark.parametrize("text", ["動脈入力関数", "Eingangsfunktion", "función de entrada", "fonction d'entrée", "AIF"])
def test_an_arterial_input_is_known_in_other_languages(text):
    assert word_of(AIF, plain_words(text))


def described(found):
    return {item.description: (item.kind, item.state) for item in found}


@pytest.mark.parametrize("charset", ["ISO_IR 192", "\\ISO 2022 IR 87"])
def test_japanese_descriptions_are_read_in_the_character_set_of_the_file(charset, write, clocks, tmp_path):
    names = {"stress": "負荷 perfusion", "rest": "安静 perfusion"}
    for number, name in enumerate(names.values()):
        shared = clocks.siemens(start_s=36000.0 + 900 * number, SpecificCharacterSet=charset.split("\\"))
        write(tmp_path, frames=12, SeriesDescription=name, **shared)
    found = described(inspect(tmp_path))
    assert found[names["stress"]] == (SeriesKind.TISSUE, State.STRESS)
    assert found[names["rest"]] == (SeriesKind.TISSUE, State.REST)


def test_a_protocol_name_that_all_series_share_names_no_arterial_input(write, clocks, tmp_path):
    for number, state in enumerate(("stress", "rest")):
        shared = clocks.siemens(start_s=36000.0 + 900 * number, ProtocolName="dual_seq_AIF_stress")
        write(tmp_path, frames=12, SeriesDescription=state, **shared)
    found = described(inspect(tmp_path))
    assert found["stress"] == (SeriesKind.TISSUE, State.STRESS)
    assert found["rest"] == (SeriesKind.TISSUE, State.REST)


def test_a_description_of_perfusion_wins_over_the_protocol_name(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest", ProtocolName="AIF stress", **clocks.siemens())
    assert described(inspect(tmp_path))["perf rest"] == (SeriesKind.TISSUE, State.REST)


def test_a_folder_that_all_series_share_names_no_state(write, clocks, tmp_path):
    for number, part in enumerate(("1", "2_rest")):
        folder = tmp_path / "stress study" / part
        write(folder, frames=12, SeriesDescription=f"perf {number}", **clocks.siemens(start_s=36000.0 + 900 * number))
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.rest.tissue.source.description == "perf 1"
    assert study.stress.tissue.source.description == "perf 0"


def test_a_low_dose_protocol_keeps_both_states(write, clocks, tmp_path):
    for number, state in enumerate(("stress", "rest")):
        shared = clocks.siemens(start_s=36000.0 + 900 * number)
        write(tmp_path, frames=12, SeriesDescription=f"perf low dose {state}", **shared)
    study = LoadingLogic().run(StudyRequest(study=tmp_path))
    assert study.stress.tissue.frames == study.rest.tissue.frames == 12
    assert study.stress.pre_bolus is None


def test_a_low_dose_before_a_series_without_these_words_is_its_pre_bolus(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="perf rest low dose", **clocks.siemens(start_s=36000.0))
    write(tmp_path, frames=12, SeriesDescription="perf rest", **clocks.siemens(start_s=36200.0))
    assert LoadingLogic().run(StudyRequest(study=tmp_path)).rest.pre_bolus is not None


def test_a_series_given_for_a_state_is_not_its_own_arterial_input(write, clocks, tmp_path):
    write(tmp_path, frames=12, SeriesDescription="stress AIF", **clocks.siemens())
    study = LoadingLogic().run(StudyRequest(stress=tmp_path))
    assert study.stress.aif_series is None
    (notice,) = [item for item in study.notices if item.code == "series-of-other-purpose"]
    assert notice.severity is Severity.SERIOUS
