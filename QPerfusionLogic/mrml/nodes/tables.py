"""Numbers of a result as table nodes with a unit on every column, and curves typed into tables read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.series import Quantity
from QPerfusionLogic.data.study import Curve
from QPerfusionLogic.errors import InputError


@dataclass(frozen=True)
class Column:
    """A column of a table: name, values (numbers or texts), unit and what it means."""

    name: str
    values: Sequence[Any] | NDArray[Any]
    unit: str = ""
    description: str = ""


def add_table(scene: Any, name: str, columns: Sequence[Column]) -> Any:
    """Add a table node; columns of texts become string columns, all others double columns.

    Returns
    -------
    vtkMRMLTableNode
    """
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", scene.GenerateUniqueName(name))
    for column in columns:
        node.AddColumn(_filled(column))
        if column.unit:
            node.SetColumnUnitLabel(column.name, column.unit)
        if column.description:
            node.SetColumnDescription(column.name, column.description)
    # Else Slicer shows the names as a first row, without units.
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.AddDefaultStorageNode()
    return node


def column_values(node: Any, name: str) -> list[Any]:
    """Return the values of a column, numbers as float and texts as str.

    Raises
    ------
    InputError
        When the table has no such column.
    """
    array = node.GetTable().GetColumnByName(name)
    if array is None:
        raise InputError(
            f"the columns {', '.join(column_names(node)) or '(none)'} in the table {node.GetName()}",
            expected=f"a column {name}",
        )
    variants = (array.GetVariantValue(row) for row in range(array.GetNumberOfTuples()))
    if array.IsA("vtkStringArray"):
        return [variant.ToString() for variant in variants]
    return [variant.ToDouble() for variant in variants]


def column_names(node: Any) -> list[str]:
    """Return the names of the columns of a table node."""
    return [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())]


def add_arterial_curve(scene: Any, name: str, curve: Curve) -> Any:
    """Add a curve as a table of times and values that `curve_of` reads back."""
    unit = "mmol/L" if curve.quantity is Quantity.GADOLINIUM else "a.u."
    return add_table(scene, name, [Column("time_s", curve.time_s, "s"), Column("value", curve.value, unit)])


def curve_of(node: Any) -> Curve:
    """Return the arterial curve of a table node: its column of times and its column of values.

    Columns are found by name (time_s; gd_mmol_l, value, aif), else the first two columns are taken. A unit label
    "ms" on the time column is honoured; a value column whose name or unit says mmol/L is gadolinium.

    Raises
    ------
    InputError
        When there are fewer than two columns, or texts instead of numbers.
    """
    names = column_names(node)
    if len(names) < 2:
        raise InputError(
            f"{len(names)} columns in the table {node.GetName()}", expected="a column of times and one of values"
        )
    time_name = _first_among(names, ("time_s", "time", "t")) or names[0]
    others = [name for name in names if name != time_name]
    value_name = _first_among(others, ("gd_mmol_l", "value", "aif")) or others[0]
    time = _numbers(node, time_name)
    if node.GetColumnUnitLabel(time_name) == "ms":
        time = time / 1000.0
    said = f"{value_name} {node.GetColumnUnitLabel(value_name)}".lower()
    is_gadolinium = "mmol" in said or (value_name in ("value", "aif") and not node.GetColumnUnitLabel(value_name))
    quantity = Quantity.GADOLINIUM if is_gadolinium else Quantity.SIGNAL
    return Curve(time, _numbers(node, value_name), quantity, source=node.GetName())


def _filled(column: Column) -> Any:
    is_text = any(isinstance(value, str) for value in column.values)
    array = vtk.vtkStringArray() if is_text else vtk.vtkDoubleArray()
    array.SetName(column.name)
    for value in column.values:
        array.InsertNextValue(str(value) if is_text else float(value))
    return array


def _numbers(node: Any, name: str) -> FloatArray:
    try:
        return np.array([float(value) for value in column_values(node, name)])
    except ValueError as error:
        raise InputError(
            f"texts in the column {name} of the table {node.GetName()}", expected="numbers", action=str(error)
        ) from error


def _first_among(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    lower = {name.lower(): name for name in names}
    return next((lower[name] for name in wanted if name in lower), None)
