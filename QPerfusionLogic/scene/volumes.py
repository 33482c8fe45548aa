"""Arrays on the pixel grid and scalar or label volumes of the scene, with their place in the patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.study import FloatArray, Geometry

from .marks import read_note, write_note

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def add_volume(scene: Any, name: str, image: NDArray[Any], geometry: Geometry, *, labels: bool = False) -> Any:
    """Add a scalar (or label) volume node to the scene.

    Parameters
    ----------
    image : (slices, rows, columns) array
    geometry : Geometry
        Its stack becomes the IJK to RAS matrix; the exact matrix of every slice is kept on the node.

    Returns
    -------
    vtkMRMLScalarVolumeNode or vtkMRMLLabelMapVolumeNode
    """
    class_name = "vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode"
    node = scene.AddNewNodeByClass(class_name, scene.GenerateUniqueName(name))
    set_image(node, image, geometry)
    write_note(node, "IndexToLps", geometry.index_to_lps.tolist())
    node.CreateDefaultDisplayNodes()
    return node


def set_image(node: Any, image: NDArray[Any], geometry: Geometry) -> None:
    """Put an image (slices, rows, columns) and its geometry into a volume node."""
    slices, rows, columns = image.shape
    contiguous = np.ascontiguousarray(image)
    if contiguous.dtype == bool:
        contiguous = contiguous.astype(np.uint8)
    data = vtk.vtkImageData()
    data.SetDimensions(columns, rows, slices)
    scalars = numpy_support.numpy_to_vtk(contiguous.ravel(), deep=True)
    scalars.SetName("ImageScalars")
    data.GetPointData().SetScalars(scalars)
    node.SetIJKToRASMatrix(as_vtk_matrix(ijk_to_ras(geometry)))
    node.SetAndObserveImageData(data)


def image_of(node: Any) -> NDArray[Any]:
    """Return a copy (slices, rows, columns) of the pixels of a volume node.

    Raises
    ------
    InputError
        When the node holds no image.
    """
    data = node.GetImageData()
    scalars = data.GetPointData().GetScalars() if data is not None else None
    if scalars is None:
        raise InputError(f"no image in the node {node.GetName()}", action="choose a volume that has been loaded")
    columns, rows, slices = data.GetDimensions()
    return np.array(numpy_support.vtk_to_numpy(scalars)).reshape(slices, rows, columns)


def geometry_of(node: Any) -> Geometry:
    """Return where a volume node lies: slices as QPerfusion kept them unless it was moved, else its matrix."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    stack = LPS_TO_RAS @ as_array(matrix)
    data = node.GetImageData()
    slices = data.GetDimensions()[2] if data is not None else 1
    kept = read_note(node, "IndexToLps")
    if kept is not None and len(kept) == slices:
        geometry = Geometry(np.array(kept, dtype=float))
        if np.allclose(geometry.stack_to_lps, stack, atol=1e-3):
            return geometry
    return Geometry(_slices_of(stack, slices))


def ijk_to_ras(geometry: Geometry) -> FloatArray:
    """Return the (4, 4) matrix from (column, row, slice, 1) to Slicer's RAS millimetres."""
    matrix: FloatArray = LPS_TO_RAS @ geometry.stack_to_lps
    return matrix


def as_vtk_matrix(matrix: FloatArray) -> Any:
    """Return a vtkMatrix4x4 with the values of a (4, 4) array."""
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, dtype=float).ravel())
    return result


def as_array(matrix: Any) -> FloatArray:
    """Return the (4, 4) array of a vtkMatrix4x4."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def set_units(node: Any, quantity: tuple[str, str, str], unit: tuple[str, str, str]) -> None:
    """Say what the pixel values are: (value, scheme, meaning) of the quantity and of its unit."""
    node.SetVoxelValueQuantity(_coded(quantity))
    node.SetVoxelValueUnits(_coded(unit))


def _coded(code: tuple[str, str, str]) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(*code)
    return entry


def _slices_of(stack_to_lps: FloatArray, slices: int) -> FloatArray:
    matrices = np.repeat(stack_to_lps[None], slices, axis=0)
    matrices[:, :3, 3] = stack_to_lps[:3, 3] + np.arange(slices)[:, None] * stack_to_lps[:3, 2]
    return matrices
