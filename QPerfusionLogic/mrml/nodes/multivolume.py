"""Legacy MultiVolume nodes: read, never written. Their frame times are milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from vtk.util import numpy_support

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

from .marks import mark
from .sequences import add_browser, add_sequence
from .volumes import geometry_of_volume

LABELS = "MultiVolume.FrameLabels"
"""Attribute with the times, separated by commas, in milliseconds."""
_CONVERTED = "QPerfusion.Converted"


def legacy_nodes(scene: Any) -> list[Any]:
    """Return the MultiVolume nodes of a scene that have not been converted yet."""
    nodes = (scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes()))
    return [node for node in nodes if node.GetAttribute(LABELS) and not node.GetAttribute(_CONVERTED)]


def add_sequence_of(scene: Any, node: Any) -> Any:
    """Add a sequence, with a player, that holds the frames of a MultiVolume node.

    Raises
    ------
    InputError
        When the node has no image, or its labels are not one time per frame.
    """
    images = _frames_of(node)
    time_s = _times_of(node, len(images))
    times = np.repeat(time_s[:, None], images.shape[1], axis=1)
    sequence = add_sequence(scene, node.GetName(), images, times, geometry_of_volume(node))
    mark(sequence, "tissue")
    add_browser(scene, f"{node.GetName()} player", [sequence], [f"{node.GetName()} frame"])
    node.SetAttribute(_CONVERTED, "1")
    return sequence


def _frames_of(node: Any) -> FloatArray:
    """Return (frames, slices, rows, columns): the components of its pixels are the frames."""
    data = node.GetImageData()
    scalars = data.GetPointData().GetScalars() if data is not None else None
    if scalars is None:
        raise InputError(f"no image in the MultiVolume {node.GetName()}", action="load it again")
    columns, rows, slices = data.GetDimensions()
    values = numpy_support.vtk_to_numpy(scalars).reshape(slices, rows, columns, -1)
    return np.moveaxis(values, -1, 0).astype(np.float32)


def _times_of(node: Any, frames: int) -> FloatArray:
    text = node.GetAttribute(LABELS)
    try:
        milliseconds = np.array([float(part) for part in text.split(",") if part.strip()])
    except ValueError as error:
        raise InputError(f"{LABELS} of {node.GetName()} that are not numbers", expected="milliseconds") from error
    if milliseconds.size != frames:
        raise InputError(f"{milliseconds.size} times for {frames} frames in the MultiVolume {node.GetName()}")
    return milliseconds / 1000.0
