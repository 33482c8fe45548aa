"""A result made ready for Slicer's own editors, and AHA segments that turn with the insertion points."""

from __future__ import annotations

from typing import Any

import numpy as np

from QPerfusionLogic.data.series import State
from QPerfusionLogic.mrml.nodes.landmarks import insertion_points_of
from QPerfusionLogic.mrml.nodes.segmentations import labels_of
from QPerfusionLogic.mrml.nodes.volumes import geometry_of_volume, image_of, set_image
from QPerfusionLogic.mrml.study.filling import SceneStudy
from QPerfusionLogic.segmentation.regions.aha_segments import aha_segments, levels_shown

from .layouts import VIEWS, show_labels

_EDITOR = "SegmentEditor"
"""Singleton tag of the node in which Slicer's Segment Editor keeps what it edits."""


def prepare_segment_editor(scene: Any, study: SceneStudy, state: State) -> bool:
    """Let the Segment Editor open with the heart of a state, the registered images and the myocardium.

    Returns
    -------
    bool
        False when the study has no segmentation of the state.
    """
    segmentation, images = study.node("segmentation", state), study.node("volume:registered", state)
    if segmentation is None:
        return False
    editor = scene.GetSingletonNode(_EDITOR, "vtkMRMLSegmentEditorNode")
    if editor is None:
        editor = scene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        editor.SetSingletonTag(_EDITOR)
        editor = scene.AddNode(editor)
    editor.SetAndObserveSegmentationNode(segmentation)
    editor.SetAndObserveSourceVolumeNode(images)
    editor.SetSelectedSegmentID("Myocardium")
    return True


def show_segments(scene: Any, study: SceneStudy, state: State) -> None:
    """Show the AHA segments of a state over its map, so that they are seen to turn."""
    view = next(name for name, (of, _) in VIEWS.items() if of == str(state))
    show_labels(scene, view, study.node("segments", state))


def turn_segments(study: SceneStudy, state: State) -> bool:
    """Place the AHA segments anew from the insertion points as they are now; flow stays as it was computed.

    Returns
    -------
    bool
        False when a node that is needed is missing.
    """
    roles = ("segments", "layers", "segmentation", "insertion_points")
    segments, layers, segmentation, points = (study.node(role, state) for role in roles)
    if segments is None or layers is None or segmentation is None or points is None:
        return False
    geometry, kept = geometry_of_volume(segments), image_of(layers) > 0
    labels = labels_of(segmentation, geometry, kept.shape).labels
    levels = levels_shown(image_of(segments), labels, geometry)
    turned = aha_segments(labels, insertion_points_of(points, geometry), geometry, levels)
    set_image(segments, np.where(kept, turned, 0).astype(np.uint8), geometry)
    return True
