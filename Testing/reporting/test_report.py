"""The page: complete, self-contained, and whole when stages are missing."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from QPerfusionLogic.data.notices import Notice, Severity
from QPerfusionLogic.data.results import StudyResult
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import CancelledError
from QPerfusionLogic.progress import Progress
from QPerfusionLogic.reporting.logic import ReportingLogic
from QPerfusionLogic.settings.schema import ReportingSettings

VOID = {"meta", "img", "br", "path", "rect", "circle", "stop"}


class TagCheck(HTMLParser):
    """Counts tags and fails on wrong nesting."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def a_report(a_study):
    return ReportingLogic().run(a_study)


def test_the_page_says_that_it_is_for_research_only(a_report):
    assert "Research use only; not a medical device" in a_report.html


def test_the_page_needs_nothing_from_outside(a_report):
    text = a_report.html.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    assert "<script" not in text
    assert "<link" not in text
    sources = re.findall(r'src="([^"]{0,30})', text)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_tags_of_the_page_are_nested_rightly(a_report):
    check = TagCheck()
    check.feed(a_report.html)
    assert check.open == []
    assert check.seen.count("img") == 9 + 6 + 12


def test_the_page_is_the_same_for_the_same_study(a_study, a_report):
    assert ReportingLogic().run(a_study).html == a_report.html


def test_every_section_is_there(a_report):
    titles = re.findall(r"<h2>([^<]+)</h2>", a_report.html)
    assert titles == [
        "Summary",
        "Blood flow maps",
        "Segments",
        "Arterial input",
        "Curves and fits",
        "Where it was measured",
        "Quality",
        "Warnings and limitations",
        "Thresholds",
        "Provenance",
    ]


def test_every_notice_is_shown_with_what_to_do(a_study, a_report):
    for notice in a_study.notices:
        assert notice.code in a_report.html
    assert "give --t1-map when one was acquired" in a_report.html


def test_the_ischaemic_territory_is_named_first_in_the_summary(a_report):
    assert "Stress MBF below 1.35 in 4 of 16 segments: 7 mid anterior, 8 mid anteroseptal" in a_report.html
    first = "Low stress flow in the territory of LAD: its two lowest segments average 1.00 ± 0.07, below 1.35 mL/min/g."
    assert f"<li>{first} Not low: LCX" in a_report.html


def test_the_first_screen_shows_verdict_findings_territories_and_polar_maps_before_any_warning(a_report):
    wanted = ("Interpretable.", "two lowest segments", "LAD territory", "<svg", "Warnings and limitations")
    places = [a_report.html.index(text, a_report.html.index("<main>")) for text in wanted]
    assert places == sorted(places)


def test_a_heart_without_low_flow_says_so(a_study):
    html = ReportingLogic(ReportingSettings(cad_stress_mbf=0.2)).run(a_study).html
    assert "Stress flow is low in no territory: their two lowest segments average LAD 1.00" in html


def test_a_territory_shows_the_same_numbers_in_report_table_and_text(a_report):
    for row in a_report.rows[-4:]:
        assert row.mpr == pytest.approx(row.stress_mbf / row.rest_mbf)
        shown = f'{row.stress_mbf:.2f} <span class="se">± {row.stress_se:.2f}</span>'
        assert a_report.html.count(shown) >= 2


def test_thresholds_are_shown_with_their_source_and_say_when_they_were_edited(a_study):
    html = ReportingLogic(ReportingSettings(cad_stress_mbf=1.5)).run(a_study).html
    assert "set by the user; published 1.35, Hsu 2018, used by AI-AIF" in html


def test_a_title_of_the_user_is_escaped(a_study):
    html = ReportingLogic(ReportingSettings(title="<b>Study & 7")).run(a_study).html
    assert "<h1>&lt;b&gt;Study &amp; 7</h1>" in html


@pytest.mark.parametrize("last", ["registered", "segmented", "arterial_input", "concentration"])
def test_a_study_stopped_after_an_early_stage_still_gives_a_page(a_study, last):
    stages = ["registered", "segmented", "arterial_input", "concentration", "mapped"]
    gone = dict.fromkeys(stages[stages.index(last) + 1 :])
    states = {state: dataclasses.replace(result, **gone) for state, result in a_study.states.items()}
    report = ReportingLogic().run(dataclasses.replace(a_study, states=states, mpr_map=None))
    assert "Blood flow maps" not in report.html
    assert report.rows[0].flags == ("not_imaged",)


def test_a_study_with_nothing_in_it_gives_a_page():
    report = ReportingLogic().run(StudyResult(states={}))
    assert "Research use only" in report.html
    assert report.images == {}


def test_maps_without_any_number_are_drawn_as_plain_anatomy(a_study):
    result = a_study.states[State.STRESS]
    empty = {name: np.full_like(values, np.nan) for name, values in result.mapped.maps.items()}
    flows = tuple(dataclasses.replace(flow, mbf=np.nan, mbf_se=np.nan, r2=np.nan) for flow in result.mapped.segments)
    mapped = dataclasses.replace(result.mapped, maps=empty, segments=flows)
    report = ReportingLogic().run(StudyResult({State.STRESS: dataclasses.replace(result, mapped=mapped)}))
    assert "AHA 16 segments" not in report.html
    assert "nan" not in re.sub(r"base64,[^\"]+", "", report.html).lower().replace("provenance", "")


def test_a_cancel_stops_the_report(a_study):
    with pytest.raises(CancelledError):
        ReportingLogic().run(a_study, Progress(is_cancelled=lambda: True))


def test_the_same_notice_of_both_states_is_shown_once(a_study):
    twice = tuple(Notice("odd", "something odd was seen", "look", state=state) for state in ("stress", "rest"))
    html = ReportingLogic().run(dataclasses.replace(a_study, notices=twice)).html
    assert html.count("Something odd was seen.") == 1
    assert '<span class="where">stress and rest</span>' in html


def test_notes_are_folded_away_and_serious_notices_limit_the_verdict(a_study, a_report):
    assert "<summary>1 note</summary>" in a_report.html
    assert "serious finding" not in a_report.html
    grave = Notice("grave", "grave", severity=Severity.SERIOUS)
    html = ReportingLogic().run(dataclasses.replace(a_study, notices=(grave,))).html
    assert "Limited, because" in html


def test_only_quantities_that_were_measured_have_a_column(a_study):
    rest = dataclasses.replace(a_study, states={State.REST: a_study.states[State.REST]}, mpr_map=None)
    html = ReportingLogic().run(rest).html
    assert "rest MBF ± SE" in html
    assert "stress MBF ± SE" not in html
    assert "rest endo / epi" in html


def test_rest_flow_outside_the_normal_range_is_a_finding(a_study):
    html = ReportingLogic(ReportingSettings(rest_normal_low=0.2, rest_normal_high=0.5)).run(a_study).html
    assert "Rest MBF lies above 0.2 to 0.5 in 16 and below it in 0 of 16 segments." in html


def test_a_vessel_near_the_threshold_is_called_uncertain(a_study):
    html = ReportingLogic(ReportingSettings(cad_stress_mbf=1.05)).run(a_study).html
    assert "average 1.00 ± 0.07 (within two standard errors of it), below 1.05 mL/min/g." in html
