"""A study result as nodes of a scene, in one subject-hierarchy folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer

from QPerfusionLogic.data.arrays import MYOCARDIUM, BoolArray, LabelArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.notices import merged
from QPerfusionLogic.data.results import Mapped, Segmented, StateResult, StudyResult
from QPerfusionLogic.data.series import PerfusionSeries, State
from QPerfusionLogic.data.study import T1Map
from QPerfusionLogic.mrml.nodes.colours import hide_missing, segment_colors
from QPerfusionLogic.mrml.nodes.hierarchy import add_folder, nodes_in, put_into
from QPerfusionLogic.mrml.nodes.landmarks import add_insertion_points
from QPerfusionLogic.mrml.nodes.maps import add_map
from QPerfusionLogic.mrml.nodes.marks import STUDY, mark, new_study_name, write_note
from QPerfusionLogic.mrml.nodes.polar_map_volume import add_polar_map
from QPerfusionLogic.mrml.nodes.segmentations import add_aif_region, add_segmentation
from QPerfusionLogic.mrml.nodes.sequences import (
    add_browser,
    add_sequence,
    refer_to_companion,
    show_all_frames,
    write_description,
)
from QPerfusionLogic.mrml.nodes.study_folders import mark_folder, remove_study_folder, study_folder
from QPerfusionLogic.mrml.nodes.tables import add_arterial_curve
from QPerfusionLogic.mrml.nodes.volumes import add_volume, set_units
from QPerfusionLogic.reporting.tables.report import SegmentRow
from QPerfusionLogic.reporting.tables.segment_table import segment_rows
from QPerfusionLogic.reporting.tables.verdict import judge

from .result_charts import add_aif_chart, add_curve_chart
from .result_tables import (
    add_aif_method_table,
    add_aif_table,
    add_constants_table,
    add_curve_table,
    add_frame_table,
    add_notice_table,
    add_segment_table,
)
from .stage_metadata import (
    write_arterial_input_metadata,
    write_concentration_metadata,
    write_frames_metadata,
    write_maps_metadata,
    write_registration_metadata,
    write_segmentation_metadata,
)
from .study_inputs import T1_CODES, companions

Key = tuple[str, str]
"""(state or "", role) of a node."""


@dataclass(frozen=True)
class SceneStudy:
    """The nodes of one study in a scene.

    Parameters
    ----------
    name : str
        Name of the study's folder, unique in the scene; every node carries it as attribute.
    folder : int
        Its item in the subject hierarchy.
    nodes : dict
        (state or "", role) -> node. Roles: tissue, registered, gadolinium, aif, pre_bolus, browser, segmentation,
        segments, insertion_points, map:NAME, view:mbf, polar:NAME, table:NAME, chart:NAME.
    """

    name: str
    folder: int
    nodes: dict[Key, Any] = field(default_factory=dict)

    def node(self, role: str, state: State | str = "") -> Any:
        """Return the node of a role, None when the result had nothing for it."""
        return self.nodes.get((str(state), role))


def fill_scene(
    scene: Any,
    result: StudyResult,
    name: str = "Perfusion study",
    t1_map: T1Map | None = None,
    process_events: Callable[[], None] | None = None,
) -> SceneStudy:
    """Put everything that was found for a study into a scene.

    Parameters
    ----------
    scene : vtkMRMLScene
        Slicer's, or one of `new_scene`.
    result : StudyResult
        After any stage; what has not been computed is left out.
    name : str
        Name of the study's folder; made unique in the scene.
    t1_map : T1Map, optional
        The native T1 map that was used, so that the study can be computed again from the scene.
    process_events : callable, optional
        Called after every node, to keep a window alive; what it raises ends the filling and takes out what was added.

    Returns
    -------
    SceneStudy
        The nodes by state and role.
    """
    unique = new_study_name(scene, name)
    study = SceneStudy(unique, add_folder(scene, unique))
    mark_folder(scene, study.folder, unique)
    with _one_batch(scene, process_events is None):
        try:
            for state_result in result.states.values():
                _fill_state(_Filler(scene, study, state_result.state, process_events), state_result)
            _fill_study(_Filler(scene, study, None, process_events), result, t1_map)
        except BaseException:
            remove_study(scene, study.name)
            raise
    return study


@contextlib.contextmanager
def _one_batch(scene: Any, wanted: bool) -> Iterator[None]:
    """Let views and selectors follow once at the end instead of after every node."""
    if not wanted:
        yield
        return
    scene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    try:
        yield
    finally:
        scene.EndState(slicer.vtkMRMLScene.BatchProcessState)


def remove_study(scene: Any, name: str) -> None:
    """Remove every node of a study, with its display and storage nodes, and its folder."""
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    folder = study_folder(scene, name)
    # Volumes that show a sequence may have lost their mark; the folder knows them.
    inside = nodes_in(scene, folder) if folder is not None else []
    found = [node for node in nodes if name and node.GetAttribute(STUDY) == name] + inside
    # A browser whose sequences go first releases its volumes while it counts them, and the application ends.
    for node in sorted(found, key=lambda node: not node.IsA("vtkMRMLSequenceBrowserNode")):
        if scene.IsNodePresent(node):
            helpers = _helpers_of(node)
            scene.RemoveNode(node)
            for helper in helpers:
                if scene.IsNodePresent(helper):
                    scene.RemoveNode(helper)
    remove_study_folder(scene, name)


def _helpers_of(node: Any) -> list[Any]:
    """Return the display and storage nodes of a node; a scene does not remove them with it."""
    found = [node.GetNthNodeReference(role, index) for role in ("display", "storage") for index in range(8)]
    return [helper for helper in found if helper is not None]


class _Filler:
    """Adds nodes of one state to the study: marked, in the state's folder, in the dictionary."""

    def __init__(
        self, scene: Any, study: SceneStudy, state: State | None, process_events: Callable[[], None] | None
    ) -> None:
        self.scene = scene
        self._process_events = process_events or (lambda: None)
        self.state = state
        self.prefix = state.value.capitalize() if state is not None else ""
        self._study = study
        self._folder = add_folder(scene, self.prefix, study.folder) if state is not None else study.folder

    def name(self, text: str) -> str:
        """Return a node name that begins with the state."""
        return f"{self.prefix} {text}" if self.prefix else text[:1].upper() + text[1:]

    def node(self, role: str) -> Any:
        """Return a node of this state that was added before, None when there is none."""
        return self._study.node(role, self.state or "")

    def add(self, role: str, node: Any) -> Any:
        """Mark a node, put it into the folder and remember it."""
        mark(node, role, self.state, self._study.name)
        put_into(self.scene, self._folder, node)
        self._study.nodes[self.state.value if self.state is not None else "", role] = node
        self._process_events()
        return node

    def add_chart(self, role: str, nodes: list[Any]) -> None:
        """Add a chart and its plot series."""
        self.add(f"chart:{role}", nodes[0])
        for index, series in enumerate(nodes[1:]):
            self.add(f"plot:{role}:{index}", series)


def _fill_state(filler: _Filler, result: StateResult) -> None:
    geometry = result.acquisition.tissue.geometry
    _add_dynamic(filler, result)
    for series, role in ((result.acquisition.aif_series, "aif"), (result.acquisition.pre_bolus, "pre_bolus")):
        if series is not None:
            _add_series(filler, role, role.replace("_", "-"), series)
    if result.acquisition.aif_curve is not None:
        filler.add(
            "table:given_aif", add_arterial_curve(filler.scene, filler.name("given AIF"), result.acquisition.aif_curve)
        )
    if result.registered is not None:
        frames = filler.add("table:frames", add_frame_table(filler.scene, filler.name("frames"), result.registered))
        write_frames_metadata(frames, result.registered)
    if result.segmented is not None:
        _add_segmented(filler, result.segmented, geometry, filler.scene)
        write_note(filler.node("segmentation"), "MaskGiven", result.acquisition.mask is not None)
    if result.arterial_input is not None:
        table = add_aif_table(filler.scene, filler.name("AIF table"), result.arterial_input, result.state)
        filler.add("table:aif", table)
        write_arterial_input_metadata(table, result.arterial_input)
        filler.add_chart("aif", add_aif_chart(filler.scene, filler.name("AIF"), table))
    if result.concentration is not None:
        _add_hidden_labels(filler, "saturated", result.concentration.saturated, geometry)
    if result.mapped is not None:
        _add_mapped(filler, result.mapped, geometry)
        if result.segmented is not None:
            _add_view_of_flow(filler, result.mapped, result.segmented, geometry)


def _add_dynamic(filler: _Filler, result: StateResult) -> None:
    """Add raw, registered and gadolinium series and one browser that plays them in step."""
    tissue = result.acquisition.tissue
    sequences = [_sequence(filler, "tissue", "raw series", tissue)]
    write_note(sequences[0], "Superresolved", getattr(result, "superresolved", None) is not None)
    names = [filler.name("raw")]
    if result.registered is not None:
        registered = _sequence(filler, "registered", "registered series", result.registered.series)
        write_registration_metadata(registered, result.registered)
        sequences.append(registered)
        names.append(filler.name("registered"))
    if result.concentration is not None:
        gadolinium = add_sequence(
            filler.scene,
            filler.name("gadolinium series"),
            result.concentration.gd_mmol_l,
            result.concentration.time_s,
            tissue.geometry,
        )
        sequences.append(filler.add("gadolinium", gadolinium))
        write_concentration_metadata(gadolinium, result.concentration)
        names.append(filler.name("gadolinium"))
    _add_player(filler, "browser", "player", sequences, names)


def _add_series(filler: _Filler, role: str, text: str, series: PerfusionSeries) -> None:
    sequence = _sequence(filler, role, f"{text} series", series)
    _add_player(filler, f"browser:{role}", f"{text} player", [sequence], [filler.name(text)])


def _sequence(filler: _Filler, role: str, text: str, series: PerfusionSeries) -> Any:
    node = add_sequence(filler.scene, filler.name(text), series.signal, series.time_s, series.geometry)
    write_description(node, series)
    for name, images, times in companions(series):
        companion = add_sequence(filler.scene, f"{node.GetName()} {name}", images, times, series.geometry)
        refer_to_companion(node, name, filler.add(f"{role}:{name.replace(' ', '_')}", companion))
    return filler.add(role, node)


def _add_player(filler: _Filler, role: str, text: str, sequences: list[Any], names: list[str]) -> None:
    browser = filler.add(role, add_browser(filler.scene, filler.name(text), sequences, names))
    for sequence in sequences:
        proxy = browser.GetProxyNode(sequence)
        show_all_frames(proxy, sequence)
        filler.add(f"volume:{sequence.GetAttribute('QPerfusion.Role')}", proxy)


def _add_segmented(filler: _Filler, segmented: Segmented, geometry: Geometry, scene: Any) -> None:
    reference = filler.node("volume:registered")
    node = add_segmentation(scene, filler.name("heart"), segmented.labels, geometry, reference)
    add_aif_region(node, segmented.aif_region, geometry)
    filler.add("segmentation", node)
    _add_hidden_labels(filler, "layers", segmented.layers, geometry)
    segments = filler.add(
        "segments", add_volume(scene, filler.name("AHA segments"), segmented.segments, geometry, labels=True)
    )
    segments.GetDisplayNode().SetAndObserveColorNodeID(segment_colors(scene).GetID())
    points = add_insertion_points(scene, filler.name("RV insertion"), segmented.insertion_points, geometry)
    filler.add("insertion_points", points)
    write_segmentation_metadata(node, points, segmented)


def _add_hidden_labels(filler: _Filler, role: str, values: BoolArray | LabelArray, geometry: Geometry) -> None:
    """Add labels that a later run needs and nobody looks for."""
    labels = values.astype(np.uint8)
    node = filler.add(role, add_volume(filler.scene, filler.name(role), labels, geometry, labels=True))
    node.SetHideFromEditors(True)


def _add_mapped(filler: _Filler, mapped: Mapped, geometry: Geometry) -> None:
    for name, values in mapped.maps.items():
        filler.add(f"map:{name}", add_map(filler.scene, name, values, geometry, filler.prefix, filler.prefix))
    if mapped.segment_curves:
        table = filler.add("table:curves", add_curve_table(filler.scene, filler.name("curves"), mapped))
        write_maps_metadata(table, mapped)
        filler.add_chart("curve", add_curve_chart(filler.scene, filler.name("segment curve"), table, mapped))


def _add_view_of_flow(filler: _Filler, mapped: Mapped, segmented: Segmented, geometry: Geometry) -> None:
    """Add the flow of the myocardium alone: in blood and around the heart a number of flow means nothing."""
    flow = np.where(segmented.labels == MYOCARDIUM, mapped.maps["mbf"], np.nan)
    prefix = f"{filler.prefix} myocardial"
    filler.add("view:mbf", add_map(filler.scene, "mbf", flow, geometry, prefix, filler.prefix))


def _add_polar_maps(filler: _Filler, result: StudyResult, rows: tuple[SegmentRow, ...]) -> None:
    """Add the polar maps of flow in each state and, where both are there, of the reserve."""
    whole = [row for row in rows if row.layer == "all" and row.segment]
    columns = [("mbf", state.value, f"{state.value}_mbf", state.value.capitalize()) for state in result.states]
    if len(result.states) > 1:
        columns.append(("mpr", "mpr", "mpr", "MPR"))
    for quantity, name, column, title in columns:
        values = {row.segment: getattr(row, column) for row in whole}
        volume, numbers = add_polar_map(filler.scene, f"{name} polar map", quantity, values, title)
        filler.add(f"polar:{name}", volume)
        filler.add(f"polar:{name}:numbers", numbers)


def _fill_study(filler: _Filler, result: StudyResult, t1_map: T1Map | None) -> None:
    if t1_map is not None:
        node = filler.add("t1_map", add_volume(filler.scene, "T1 map", t1_map.t1_s, t1_map.geometry))
        set_units(node, *T1_CODES)
        hide_missing(node)
    if result.mpr_map is not None:
        geometry = next(iter(result.states.values())).acquisition.tissue.geometry
        filler.add("map:mpr", add_map(filler.scene, "mpr", result.mpr_map, geometry))
    if any(state.mapped is not None for state in result.states.values()):
        rows = segment_rows(result)
        filler.add("table:segments", add_segment_table(filler.scene, "Segments", rows))
        _add_polar_maps(filler, result, rows)
    notices = filler.add("table:notices", add_notice_table(filler.scene, "Notices", merged(result.notices)))
    write_note(notices, "Provenance", result.provenance)
    if any(state.mapped is not None for state in result.states.values()):
        write_note(notices, "Verdict", judge(result, result.notices).as_dictionary())
    constants = result.provenance.get("constants", {})
    if any(constants.values()):
        filler.add("table:constants", add_constants_table(filler.scene, "Constants", constants))
    if result.aif_method_comparison:
        filler.add("table:aif_methods", add_aif_method_table(filler.scene, "AIF methods", result.aif_method_comparison))
    if result.stress_to_rest_mm is not None:
        write_note(notices, "StressToRestMm", np.asarray(result.stress_to_rest_mm, dtype=float).tolist())
