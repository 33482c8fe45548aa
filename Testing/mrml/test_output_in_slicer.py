"""An output folder whose files were opened and saved in Slicer is read as it was written, with what was edited."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("slicer")

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.data.series import State
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import read_labels, write_labels
from QPerfusionLogic.io.results.writer import write_state
from QPerfusionLogic.mrml.nodes.volumes import stored_image
from QPerfusionLogic.pipeline.earlier_result import read_state
from QPerfusionLogic.settings.schema import SegmentationSettings


@pytest.fixture
def a_written_state(a_result_on, tmp_path):
    result = a_result_on.states[State.STRESS]
    write_state(result, tmp_path)
    return result, tmp_path


def read_back(result, folder):
    return read_state(folder, result.state, result.acquisition, SegmentationSettings())


def saved_by_slicer(scene, path, change=None):
    """Open a file in Slicer, perhaps change its pixels, and save it under its own name."""
    is_sequence = path.name.endswith(".seq.nrrd")
    labels = path.parent.name != "maps" and not is_sequence
    kind = "Sequence" if is_sequence else "LabelMapVolume" if labels else "ScalarVolume"
    node = scene.AddNewNodeByClass(f"vtkMRML{kind}Node", path.name.split(".")[0])
    for step in ("ReadData", "WriteData"):
        storage = scene.AddNewNodeByClass(f"vtkMRMLVolume{'Sequence' if is_sequence else 'Archetype'}StorageNode")
        storage.SetFileName(str(path))
        assert getattr(storage, step)(node)
        if step == "ReadData" and change is not None:
            change(node)


def test_every_file_saved_by_slicer_is_read_as_it_was_written(a_scene, a_written_state):
    result, folder = a_written_state
    for path in sorted(folder.glob("**/*.nrrd")):
        saved_by_slicer(a_scene, path)
    found = read_back(result, folder)
    for name in ("signal", "proton_density"):
        given = getattr(result.registered.series, name)
        np.testing.assert_allclose(getattr(found.registered.series, name), given, rtol=1e-6)
    displacement = np.broadcast_to(result.registered.displacement_mm, found.registered.displacement_mm.shape)
    np.testing.assert_allclose(found.registered.displacement_mm, displacement, atol=1e-4)
    for name in ("labels", "segments", "layers", "aif_region", "insertion_points"):
        np.testing.assert_array_equal(getattr(found.segmented, name), getattr(result.segmented, name), err_msg=name)
    assert found.segmented.source == result.segmented.source
    np.testing.assert_allclose(found.concentration.gd_mmol_l, result.concentration.gd_mmol_l, rtol=1e-6)
    np.testing.assert_array_equal(found.concentration.saturated, result.concentration.saturated)


def test_a_label_edited_in_slicer_is_edited_in_its_slice(a_scene, a_written_state):
    result, folder = a_written_state
    expected = result.segmented.labels.copy()
    changed = expected[2] == 3

    def widen(node):
        stored = stored_image(node)
        # The slice of the series is the one whose labels are those of the series.
        (kept_at,) = (item for item in range(3) if np.array_equal(stored[item], expected[2]))
        stored[kept_at][changed] = 0
        node.GetImageData().GetPointData().GetScalars().Modified()

    saved_by_slicer(a_scene, folder / "labels.nrrd", widen)
    found = read_back(result, folder).segmented
    assert found.source != result.segmented.source
    expected[2][changed] = 0
    np.testing.assert_array_equal(found.labels[2] == 1, expected[2] == 1)
    np.testing.assert_array_equal(found.labels[0], expected[0])


def test_labels_cropped_to_the_heart_lie_where_they_were_drawn(a_written_state):
    """As Slicer exports a segmentation whose extent is that of its segments."""
    result, folder = a_written_state
    labels, stack = read_labels(folder / "labels.nrrd").labels, result.acquisition.tissue.geometry.stack_to_lps
    rows, columns = (slice(found.min(), found.max() + 1) for found in np.nonzero(labels.any(axis=0)))
    corner = np.array(stack)
    corner[:3, 3] = (stack @ [columns.start, rows.start, 0.0, 1.0])[:3]
    matrices = np.repeat(corner[None], 3, axis=0)
    matrices[:, :3, 3] += np.arange(3)[:, None] * stack[:3, 2]
    write_labels(folder / "labels.nrrd", labels[:, rows, columns], Geometry(matrices))
    assert read_labels(folder / "labels.nrrd").labels.shape != labels.shape
    np.testing.assert_array_equal(read_back(result, folder).segmented.labels, labels)


def test_labels_of_another_place_are_refused(a_written_state):
    result, folder = a_written_state
    away = np.array(result.acquisition.tissue.geometry.index_to_lps)
    away[:, :3, 3] += 500.0
    write_labels(folder / "labels.nrrd", result.segmented.labels, Geometry(away))
    with pytest.raises(InputError, match="no label on the input series"):
        read_back(result, folder)


def test_the_hash_of_labels_rests_on_neither_memory_order_nor_slice_direction(a_result_on):
    from QPerfusionLogic.mrml.study.stage_metadata import fingerprint

    labels = a_result_on.states[State.REST].segmented.labels
    stored = dataclasses.replace(a_result_on.states[State.REST].segmented, labels=np.asfortranarray(labels)).labels
    assert fingerprint(stored) == fingerprint(np.ascontiguousarray(labels[::-1])[::-1]) == fingerprint(labels)
    assert fingerprint(labels) != fingerprint(labels[::-1])
