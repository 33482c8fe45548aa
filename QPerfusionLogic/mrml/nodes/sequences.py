"""A dynamic series as a sequence node: one volume per frame, indexed by its time in seconds, and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import slicer

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.protocol import Protocol
from QPerfusionLogic.data.series import PerfusionSeries, Quantity, SeriesKind, SeriesSource, State
from QPerfusionLogic.data.slice_stacks import SLICE_TIMES, times_of_slices
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import format_time

from .marks import as_json, read_note, write_note
from .volumes import geometry_of_volume, is_reversed, note_slices, set_image, stored_image

BRIGHTEST = 99.5
"""Percentile of the pixels of a frame that is white."""


def add_sequence(scene: Any, name: str, images: FloatArray, time_s: FloatArray, geometry: Geometry) -> Any:
    """Add a sequence node of images.

    Parameters
    ----------
    images : (frames, slices, rows, columns) array
    time_s : (frames, slices) array
        The index of a frame is the time of its earliest slice; the times of all slices are kept on the node.

    Returns
    -------
    vtkMRMLSequenceNode
        With index name "time" in s and a storage node for .seq.nrrd.
    """
    unique = scene.GenerateUniqueName(name)
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", unique)
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    sequence.SetIndexTypeFromString("numeric")
    frame_node = slicer.vtkMRMLScalarVolumeNode()
    frame_node.SetName(unique)
    for image, times in zip(images, time_s, strict=True):
        set_image(frame_node, np.asarray(image, dtype=np.float32), geometry)
        sequence.SetDataNodeAtValue(frame_node, format_time(float(np.min(times))))
    sequence.SetAttribute(SLICE_TIMES, json.dumps(np.round(time_s, 6).tolist()))
    note_slices(sequence, geometry)
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeSequenceStorageNode")
    sequence.SetAndObserveStorageNodeID(storage.GetID())
    return sequence


def show_all_frames(volume: Any, sequence: Any) -> None:
    """Give the volume that plays a sequence one window for all frames, from zero to the brightest of them.

    A window that Slicer chooses on the first frame, before contrast, shows the bolus and what it leaves as plain white.
    """
    volume.CreateDefaultDisplayNodes()
    frames = (stored_image(sequence.GetNthDataNode(index)) for index in range(sequence.GetNumberOfDataNodes()))
    top = max((float(np.nanpercentile(frame, BRIGHTEST)) for frame in frames if np.isfinite(frame).any()), default=0.0)
    if top > 0.0:
        display = volume.GetDisplayNode()
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(top, top / 2.0)


def add_browser(scene: Any, name: str, sequences: list[Any], proxy_names: list[str]) -> Any:
    """Add a browser that plays sequences in step, each shown by its own volume node.

    Parameters
    ----------
    sequences : list of vtkMRMLSequenceNode
        The first is the master; the others share its times.
    proxy_names : list of str
        Names of the volumes that show them.
    """
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", scene.GenerateUniqueName(name))
    browser.SetAndObserveMasterSequenceNodeID(sequences[0].GetID())
    browser.SetIndexDisplayMode(slicer.vtkMRMLSequenceBrowserNode.IndexDisplayAsIndexValue)
    browser.SetIndexDisplayFormat("%.3f")
    for sequence, proxy_name in zip(sequences, proxy_names, strict=True):
        if not browser.IsSynchronizedSequenceNode(sequence, True):
            browser.AddSynchronizedSequenceNode(sequence)
        proxy = browser.GetProxyNode(sequence)
        if proxy is None:
            proxy = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(proxy_name))
            proxy.CopyContent(sequence.GetNthDataNode(0))
            browser.AddProxyNode(proxy, sequence, False)
        proxy.SetName(proxy_name)
        proxy.CreateDefaultDisplayNodes()
        browser.SetOverwriteProxyName(sequence, False)
        browser.SetSaveChanges(sequence, False)
    browser.SetSelectedItemNumber(0)
    return browser


def write_description(sequence: Any, series: PerfusionSeries) -> None:
    """Keep on the sequence node what its pixels alone do not show: protocol, kind, state, quantity and source.

    The folder that the images came from and the words of their header stay out: they may name a person, and a scene is
    given away.
    """
    write_note(sequence, "Protocol", dataclasses.asdict(series.protocol))
    write_note(sequence, "Source", dataclasses.asdict(dataclasses.replace(series.source, path="", description="")))
    write_note(
        sequence,
        "Series",
        {"kind": series.kind.value, "state": series.state.value, "quantity": series.quantity.value},
    )


def refer_to_companion(sequence: Any, name: str, companion: Any) -> None:
    """Link a sequence to the one that holds its "proton density" or "second echo" images."""
    sequence.SetNodeReferenceID(_reference(name), companion.GetID())


def companion_node(sequence: Any, name: str) -> Any:
    """Return the sequence that holds the "proton density" or "second echo" images of another, None without one."""
    return sequence.GetNodeReference(_reference(name))


def series_of_sequence(sequence: Any, kind: SeriesKind, state: State) -> PerfusionSeries:
    """Return the series that a sequence node holds.

    Protocol and source come from the node when QPerfusion wrote them there; kind and state are the caller's choice.

    Raises
    ------
    InputError
        When the node has fewer than two frames, frames of several sizes, or an index that is not a time.
    """
    images = frames_of(sequence)
    described = read_note(sequence, "Series") or {}
    return PerfusionSeries(
        signal=images,
        time_s=times_of(sequence, images.shape[1]),
        geometry=geometry_of_volume(sequence),
        protocol=_restored(Protocol, read_note(sequence, "Protocol")),
        kind=kind,
        state=state,
        quantity=Quantity(described.get("quantity", Quantity.SIGNAL.value)),
        proton_density=_companion(sequence, "proton density"),
        second_echo=_companion(sequence, "second echo"),
        source=_restored(SeriesSource, read_note(sequence, "Source"), description=sequence.GetName()),
    )


def _reference(name: str) -> str:
    return f"QPerfusion.{name.replace(' ', '_')}"


def _companion(sequence: Any, name: str) -> FloatArray | None:
    companion = companion_node(sequence, name)
    if companion is None:
        return None
    return frames_of(companion, least=1)


def frames_of(sequence: Any, least: int = 2) -> FloatArray:
    """Return the images (frames, slices, rows, columns) of a sequence, slices in the order of `geometry_of_volume`.

    Raises
    ------
    InputError
        When the node has fewer than `least` frames, frames that are no images, or frames of several sizes.
    """
    count = sequence.GetNumberOfDataNodes()
    nodes = [sequence.GetNthDataNode(index) for index in range(count)]
    if count < least or not all(node.IsA("vtkMRMLVolumeNode") for node in nodes):
        raise InputError(
            f"{count} frames in the sequence {sequence.GetName()}",
            expected="a sequence of images over time",
            action="choose the dynamic series",
        )
    images = [stored_image(node) for node in nodes]
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise InputError(
            f"frames of {len(shapes)} sizes in the sequence {sequence.GetName()}", expected="frames of one size"
        )
    found = np.stack(images).astype(np.float32)
    return found[:, ::-1] if is_reversed(sequence) else found


def times_of(sequence: Any, slices: int) -> FloatArray:
    """Return the times (frames, slices) in s of a sequence; InputError when its index is not a time."""
    texts = [sequence.GetNthIndexValue(index) for index in range(sequence.GetNumberOfDataNodes())]
    try:
        first = np.array([float(text) for text in texts])
    except ValueError as error:
        raise InputError(
            f"the index {error} in the sequence {sequence.GetName()}",
            expected="times in seconds",
            action="set the index type of the sequence to numeric",
        ) from error
    return times_of_slices(first * _seconds_per_unit(sequence), as_json(sequence.GetAttribute(SLICE_TIMES)), slices)


def _seconds_per_unit(sequence: Any) -> float:
    unit = (sequence.GetIndexUnit() or "").strip().lower()
    known = {"": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "min": 60.0}
    if unit not in known:
        raise InputError(
            f"the index unit {unit!r} in the sequence {sequence.GetName()}",
            expected="s or ms",
            action="set the index unit of the sequence",
        )
    return known[unit]


def _restored(kind: Any, kept: dict[str, Any] | None, **defaults: Any) -> Any:
    names = {item.name for item in dataclasses.fields(kind)}
    known = {name: value for name, value in (kept or {}).items() if name in names}
    return kind(**{**defaults, **known})
