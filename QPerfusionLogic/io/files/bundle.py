"""Any dataclass of the package as one file, exactly: the panel hands studies to its background run in it."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
import zipfile
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from QPerfusionLogic.errors import InputError

from .output_folder import writing_file

T = TypeVar("T")
_CONTENT = "content.json"
_FORMAT = "QPerfusion bundle 1"


def write_bundle(path: Path, content: Any) -> None:
    """Write a dataclass, with the dataclasses and arrays in it, to a file; the file appears only when complete.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    arrays: list[Any] = []
    text = json.dumps({"format": _FORMAT, "content": _packed(content, arrays)})
    # Stored, not deflated: the file lives for minutes and has to be written while a user waits.
    with writing_file(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(_CONTENT, text)
        for index, array in enumerate(arrays):
            with archive.open(f"{index}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_bundle(path: Path, kind: type[T]) -> T:
    """Return what `write_bundle` wrote, as an object of the dataclass `kind`.

    Raises
    ------
    InputError
        When the file is missing, cut off or of another kind.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            described = json.loads(archive.read(_CONTENT))
            if described.get("format") != _FORMAT:
                raise InputError(f"format {described.get('format')!r} in {path}", expected=_FORMAT)

            def array(index: int) -> Any:
                with archive.open(f"{index}.npy") as file:
                    return np.lib.format.read_array(file, allow_pickle=False)

            return typing.cast("T", _unpacked(described["content"], kind, array))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: not a whole {kind.__name__} ({error})", expected="a file of the same version"
        ) from error


def _packed(value: Any, arrays: list[Any]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _packed(getattr(value, item.name), arrays) for item in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        arrays.append(np.ascontiguousarray(value))
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {"items": [[_packed(key, arrays), _packed(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (tuple, list)):
        return [_packed(item, arrays) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return value.item()
    return value


def _unpacked(content: Any, kind: Any, array: Any) -> Any:
    if content is None:
        return None
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(content, dict) and set(content) == {"array"}:
        return array(content["array"])
    if origin in (types.UnionType, typing.Union):
        return _unpacked(content, next(part for part in parts if part is not type(None)), array)
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast("Any", kind))
        return typing.cast("type", kind)(
            **{name: _unpacked(item, hints[name], array) for name, item in content.items() if name in hints}
        )
    if isinstance(content, dict) and set(content) == {"items"}:
        keys, values = parts if parts else (Any, Any)
        return {_unpacked(key, keys, array): _unpacked(item, values, array) for key, item in content["items"]}
    if isinstance(content, list):
        return _unpacked_list(content, origin or kind, parts, array)
    return kind(content) if isinstance(kind, type) and issubclass(kind, Enum) else content


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _unpacked_list(content: list[Any], kind: Any, parts: tuple[Any, ...], array: Any) -> Any:
    if kind is not tuple:
        return [_unpacked(item, parts[0] if parts else Any, array) for item in content]
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_unpacked(item, parts[0], array) for item in content)
    kinds = parts or (Any,) * len(content)
    return tuple(_unpacked(item, part, array) for item, part in zip(content, kinds, strict=True))
