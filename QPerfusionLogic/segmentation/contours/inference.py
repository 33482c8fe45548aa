"""Contours from the network: averaged over mirrorings and small turns, with their disagreement (imports torch)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy import ndimage

from QPerfusionLogic.data.arrays import BoolArray, FloatArray, dice
from QPerfusionLogic.networks.model_files import ModelFile, load_into
from QPerfusionLogic.segmentation.first_pass.blood_pools import BloodPools
from QPerfusionLogic.segmentation.first_pass.enhancement import Enhancement

from .drawing_plan import STANDARD, DrawingPlan
from .segmentation_network import CLASSES, SegmentationNetwork
from .slice_input import Crop, crop_of, network_input


@dataclass(frozen=True)
class NetworkContours:
    """What the network drew in one slice, on the image's grid (rows, columns).

    Parameters
    ----------
    share : (classes, rows, columns) array
        Mean probability of background, myocardium, LV and RV.
    heat : (rows, columns) array
        Mean probability of an RV insertion point.
    agreement : float
        Mean Dice of the single views' myocardium with that of the mean, 0 to 1.
    """

    share: FloatArray
    heat: FloatArray
    agreement: float

    @property
    def wall(self) -> BoolArray:
        """Myocardium: the largest piece inside the filled LV that is not cavity."""
        return self._ventricle() & ~self.cavity

    @property
    def cavity(self) -> BoolArray:
        """LV blood, one filled piece."""
        blood = _largest(np.argmax(self.share, axis=0) == 2) & self._ventricle()
        return np.asarray(ndimage.binary_fill_holes(blood))

    @property
    def right(self) -> BoolArray:
        """RV blood."""
        return np.asarray((np.argmax(self.share, axis=0) == 3) & ~self._ventricle())

    def _ventricle(self) -> BoolArray:
        inside = self.share[1] + self.share[2] > np.maximum(self.share[0], self.share[3])
        return np.asarray(ndimage.binary_fill_holes(_largest(inside)))


def load_network(model: ModelFile) -> SegmentationNetwork:
    """Return the network with the weights of a model file, ready to run on the CPU."""
    network = SegmentationNetwork()
    load_into(network, model)
    return network


def draw(
    network: SegmentationNetwork,
    enhancement: Enhancement,
    pools: BloodPools,
    index: int,
    plan: DrawingPlan = STANDARD,
) -> NetworkContours:
    """Return the contours of a slice that has a pool, averaged over the views of the plan."""
    crop = crop_of(enhancement, pools, index)
    crops = [replace(crop, angle=crop.angle + np.deg2rad(turn)) for turn in plan.turns_deg]
    images = np.stack([network_input(enhancement, pools, index, turned) for turned in crops])
    images[:, list(plan.without)] = 0.0
    output = _outputs(network, images)
    if plan.mirrored:
        output = np.concatenate([output, _outputs(network, images[..., ::-1])[..., ::-1]])
    shape = (int(enhancement.baseline.shape[1]), int(enhancement.baseline.shape[2]))
    sides = len(output) // len(crops)
    views = np.stack([_placed(crop, view, shape) for crop, view in zip(crops * sides, output, strict=True)])
    mean = views.mean(axis=0)
    return NetworkContours(mean[:CLASSES], mean[CLASSES], _agreement(views, mean))


def _outputs(network: SegmentationNetwork, images: FloatArray) -> FloatArray:
    """Return (n, classes + 1, SIZE, SIZE) probabilities."""
    with torch.inference_mode():
        result = network(torch.from_numpy(np.ascontiguousarray(images)))
        share, heat = torch.softmax(result[:, :CLASSES], dim=1), torch.sigmoid(result[:, CLASSES:])
        return np.array(torch.cat([share, heat], dim=1).numpy())


def _placed(crop: Crop, view: FloatArray, shape: tuple[int, int]) -> FloatArray:
    placed = crop.put_back(view, shape)
    placed[0] += 1.0 - placed[:CLASSES].sum(axis=0)
    return placed


def _agreement(views: FloatArray, mean: FloatArray) -> float:
    middle = np.argmax(mean[:CLASSES], axis=0) == 1
    scores = []
    for view in views:
        own = np.argmax(view[:CLASSES], axis=0) == 1
        scores.append(dice(own, middle))
    return float(np.mean(np.nan_to_num(scores)))


def _largest(mask: BoolArray) -> BoolArray:
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    return np.asarray(labels == int(np.argmax(np.bincount(labels.ravel())[1:])) + 1)
