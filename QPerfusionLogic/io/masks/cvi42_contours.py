"""Contours of a cvi42 workspace (.cvi42wsx): XML with the contours of each image by its SOPInstanceUID.

Source: the structure as described by public readers, e.g. Bai et al., ukbb_cardiac (UK Biobank pipeline), and the
Cardiac MR tools of the Auckland group: ImageStates / <UID> / Contours / <name> / Points, SubpixelResolution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.errors import InputError

from .contours import ENDOCARDIUM, EPICARDIUM, LEAST_POINTS, RIGHT_ENDOCARDIUM, filled, tissues_of
from .planes import MaskPlane

ImagePlaces = Mapping[str, tuple[FloatArray, tuple[int, int]]]
"""SOPInstanceUID -> (4, 4) index to LPS, and rows and columns."""
NAMES = (
    (RIGHT_ENDOCARDIUM, r"^sa.*rv.*endocard"),
    (ENDOCARDIUM, r"^sa(?!.*rv).*endocard"),
    (EPICARDIUM, r"^sa(?!.*rv).*epicard"),
)


def is_cvi42(path: Path) -> bool:
    """Return True for the name of a cvi42 workspace."""
    return path.suffix.lower() in (".cvi42wsx", ".cvi42ws")


def planes_of_cvi42(path: Path, images: ImagePlaces) -> tuple[MaskPlane, ...]:
    """Return the short-axis contours that were drawn on images of a series.

    Raises
    ------
    InputError
        When the file is no workspace, or its contours belong to other images.
    """
    if not images:
        raise InputError(
            f"cvi42 contours {path} for a series that is no DICOM",
            expected="the DICOM series that they were drawn on, since they name its images",
            action="give the DICOM series",
        )
    planes: list[MaskPlane] = []
    drawn = 0
    for uid, contours in _images(path):
        named = {name: points for raw, points in contours if (name := _name_of(raw))}
        drawn += bool(named)
        if not named or uid not in images:
            continue
        matrix, shape = images[uid]
        tissues = tissues_of({name: filled(points, shape) for name, points in named.items()})
        planes.extend(MaskPlane(label, mask, matrix) for label, mask in tissues.items())
    if not planes:
        raise InputError(
            f"short-axis contours of {drawn} images in {path}, none of them of this series",
            expected="contours that were drawn on this series",
            action="give the workspace of this study, and the series with its own SOPInstanceUIDs",
        )
    return tuple(planes)


def _images(path: Path) -> Iterator[tuple[str, list[tuple[str, FloatArray]]]]:
    try:
        text = path.read_bytes()
        if b"<!ENTITY" in text:
            raise InputError(f"entities in {path}", expected="a cvi42 workspace")
        root = ET.fromstring(text)
    except OSError as error:
        raise InputError(f"no readable file {path} ({error.strerror or error})") from error
    except ET.ParseError as error:
        raise InputError(f"{path}: no XML ({error})", expected="a cvi42 workspace", action="export it again") from error
    for states in (item for item in root.iter() if _key(item) == "ImageStates"):
        for image in states:
            contours = next((item for item in image if _key(item) == "Contours"), None)
            if contours is not None:
                yield _key(image), [(_key(item), points) for item in contours if (points := _points(item)) is not None]


def _points(contour: ET.Element) -> FloatArray | None:
    """Return the corners (n, 2) of a contour as column and row of the image, None where there are too few."""
    found: dict[str, list[float]] = {"x": [], "y": []}
    scale = 1.0
    try:
        for item in contour:
            if _key(item) == "SubpixelResolution":
                scale = float(item.text or 1)
            if _key(item) == "Points":
                for name, values in found.items():
                    values.extend(float(part.text or "nan") for part in item.iter() if _tag(part) == name)
    except ValueError:
        return None
    if len(found["x"]) < LEAST_POINTS or len(found["x"]) != len(found["y"]) or scale <= 0:
        return None
    return np.column_stack([found["x"], found["y"]]) / scale


def _name_of(raw: str) -> str:
    return next((name for name, pattern in NAMES if re.search(pattern, raw.lower())), "")


def _key(item: ET.Element) -> str:
    return next((value for name, value in item.attrib.items() if name.split("}")[-1] in ("key", "Hash:key")), "")


def _tag(item: ET.Element) -> str:
    return item.tag.split("}")[-1].split(":")[-1]
