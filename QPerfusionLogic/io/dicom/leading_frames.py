"""Proton-density frames at the head of a series, identified by their brightness."""

from __future__ import annotations

import numpy as np

from QPerfusionLogic.data.arrays import FloatArray
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.wording import counted
from QPerfusionLogic.io.dicom.header.image_group import MINIMUM_FRAMES
from QPerfusionLogic.settings.schema import LoadingSettings

MOST_LEADING_FRAMES = 5
BRIGHTER = 1.1
"""Without saturation pulse the picture is brighter, in blood and myocardium several times, in fat hardly."""
STEP = 3.0
"""The change of the picture from the last of them to the first saturated frame, against changes within either group."""
BASELINE_FRAMES = 4
BLOCK = 8
"""Pixels along a side that are averaged, so that noise does not count as change."""


def leading_frames(signal: FloatArray, settings: LoadingSettings) -> int:
    """Return how many frames at the head are proton-density weighted: as the user says, else as found."""
    if settings.proton_density_frames is None:
        return leading_proton_density_frames(signal)
    return max(min(settings.proton_density_frames, len(signal) - MINIMUM_FRAMES), 0)


def found_notice(count: int) -> Notice:
    """Return the notice that leading frames were taken out."""
    which = "the first frame was" if count == 1 else f"the first {count} frames were"
    message = f"{which} taken as proton-density weighted"
    return Notice.of("proton-density-found", message, "set loading.proton_density_frames if that is wrong")


def judged_density(density: FloatArray, signal: FloatArray) -> tuple[FloatArray | None, tuple[Notice, ...]]:
    """Return images (frames, slices, rows, columns) taken right before a series, None unless they are proton density.

    They are where they are as bright against the first frames of the series as frames at its head would have to be.
    """
    last = density[-MOST_LEADING_FRAMES:]
    frames = counted(len(density), "frame")
    if leading_proton_density_frames(np.concatenate([last, signal[: BASELINE_FRAMES + 1]])) == len(last):
        message = (
            f"{frames} of a series right before this one, of the same slices, were taken as proton-density weighted"
        )
        action = "keep that series apart from this one if that is wrong"
        return density, (Notice.of("proton-density-found", message, action),)
    message = (
        f"{frames} of the same slices in a series right before this one were left out: they are hardly brighter than "
        "its first frames, so they hold no proton density"
    )
    return None, (Notice.of("series-split", message),)


def leading_proton_density_frames(signal: FloatArray) -> int:
    """Return how many frames at the head of (frames, slices, rows, columns) are proton-density weighted.

    Examples
    --------
    >>> import numpy as np
    >>> leading_proton_density_frames(np.array([90.0, 88, 20, 21, 20, 20, 22, 60, 80, 70]).reshape(-1, 1, 1, 1))
    2
    """
    head = np.abs(np.asarray(signal[: MOST_LEADING_FRAMES + BASELINE_FRAMES + 1], dtype=np.float32))
    head = _in_blocks(head).reshape(len(head), -1)
    brightness = head.mean(axis=1, dtype=np.float64)
    change = np.abs(np.diff(head, axis=0)).mean(axis=1, dtype=np.float64)
    for count in range(min(MOST_LEADING_FRAMES, len(head) - BASELINE_FRAMES - 1), 0, -1):
        within = np.delete(change[: count + BASELINE_FRAMES], count - 1)
        leading, following = brightness[:count], brightness[count : count + BASELINE_FRAMES]
        gap = leading.min() - following.max()
        abrupt = change[count - 1] > STEP * within.max() or gap > STEP * max(np.ptp(leading), np.ptp(following))
        if abrupt and leading.min() > BRIGHTER * following.max():
            return count
    return 0


def _in_blocks(images: FloatArray) -> FloatArray:
    """Return (frames, slices, rows, columns) averaged in blocks of pixels; small images are left as they are."""
    rows, columns = (length - length % BLOCK for length in images.shape[2:])
    if not rows or not columns:
        return images
    blocks = images[:, :, :rows, :columns].reshape(*images.shape[:2], rows // BLOCK, BLOCK, columns // BLOCK, BLOCK)
    return np.asarray(blocks.mean(axis=(3, 5)))
