"""Images with the slice and time of another: copies, or images of another kind or injection among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.dicom.header.image_record import ImageRecord
from QPerfusionLogic.progress import Progress

from .dicom_pixels import read_images

MOST_DIFFERENT = 0.2
"""Share of the images of a series that may differ from the image kept; with more it is not known which are right."""


def check_repeated(
    records: Sequence[ImageRecord], repeated: Sequence[tuple[int, int]], path: Path
) -> tuple[Notice, ...]:
    """Return what to report of images left out because another has their slice and time.

    Parameters
    ----------
    records : sequence of ImageRecord
        Of the series.
    repeated : sequence of (int, int)
        Indices of an image left out and of the image kept.

    Raises
    ------
    InputError
        When many of them differ from the image kept.
    """
    if not repeated:
        return ()
    left_out, kept = (read_images([records[pair[side]] for pair in repeated], Progress()) for side in (0, 1))
    different = int(np.count_nonzero((left_out != kept).any(axis=(1, 2))))
    if different > MOST_DIFFERENT * len(records):
        raise InputError(
            f"{counted(different, 'image')} of {len(records)} in {path} with the slice and time of another image but "
            "other content",
            expected="one image for each slice and time",
            action="put images of each kind and of each injection into a folder of their own",
        )
    if different:
        message = f"{counted(different, 'image')} left out that differ from the image of the same slice and time kept"
        return (Notice.of("repeated-images-differ", message, "export the series again"),)
    message = f"{counted(len(repeated), 'image')} left out with the slice and time of another"
    return (Notice.of("duplicated-frames", message),)
