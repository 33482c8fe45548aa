"""The network method: drawing, guarding, falling back, training."""

import numpy as np
import pytest

from QPerfusionLogic.data.geometry import Geometry
from QPerfusionLogic.errors import MissingPackageError, QPerfusionError
from QPerfusionLogic.networks import model_files, packages
from QPerfusionLogic.networks.model_files import shipped_model
from QPerfusionLogic.resources import resource_path
from QPerfusionLogic.segmentation.contours import network_contours as learned
from QPerfusionLogic.segmentation.contours.drawing_plan import DrawingPlan
from QPerfusionLogic.segmentation.contours.network_contours import SHIPPED, Drawing
from QPerfusionLogic.segmentation.contours.probability_rings import contours_from_probabilities
from QPerfusionLogic.segmentation.contours.slice_input import SIZE, Crop
from QPerfusionLogic.segmentation.first_pass.blood_pools import find_blood_pools
from QPerfusionLogic.segmentation.first_pass.enhancement import enhancement_of
from QPerfusionLogic.segmentation.logic import SegmentationLogic
from QPerfusionLogic.settings.schema import SegmentationSettings

torch = pytest.importorskip("torch")
NETWORK = SegmentationLogic(SegmentationSettings(mode="network"))


def test_the_shipped_weights_are_those_of_the_card():
    assert shipped_model(SHIPPED).name.startswith("segmentation-")


def test_the_network_draws_a_heart_it_never_saw(a_heart, as_registered, overlap):
    found = NETWORK.run(as_registered(a_heart.series()))
    assert overlap(found.labels == 1, a_heart.labels == 1) > 0.85
    assert overlap(found.labels == 2, a_heart.labels == 2) > 0.9
    assert overlap(found.labels == 3, a_heart.labels == 3) > 0.8
    assert found.source == "network segmentation-2"
    assert found.confidence[0] > 0.5


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_network_does_not_mind_how_the_image_lies(a_heart, as_registered, overlap, turns, mirrored):
    def turn(images):
        return np.rot90(images[..., ::-1] if mirrored else images, turns, axes=(-2, -1))

    found = NETWORK.run(as_registered(turn(a_heart.series())))
    assert overlap(found.labels == 1, turn(a_heart.labels) == 1) > 0.85


def test_automatic_takes_the_network(a_heart, as_registered):
    found = SegmentationLogic(SegmentationSettings()).run(as_registered(a_heart.series()))
    assert found.source.startswith("network")


def test_images_coarser_than_the_training_slices_are_drawn_classically(a_heart, as_registered):
    coarse = as_registered(a_heart.series(), Geometry.axis_aligned(1, (5.0, 5.0)))
    assert SegmentationLogic(SegmentationSettings()).run(coarse).source == "classical"


def test_without_torch_automatic_is_classical_and_says_so(a_heart, as_registered, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    found = SegmentationLogic(SegmentationSettings()).run(as_registered(a_heart.series()))
    assert found.source == "classical"
    notice = next(item for item in found.notices if item.code == "network-not-used")
    assert "without torch and safetensors" in notice.message
    assert "Dice is lower by 0.05" in notice.message
    assert notice.action.startswith("pip install torch safetensors")


def test_a_shipped_model_with_one_byte_changed_is_refused_and_not_replaced(
    a_heart, as_registered, monkeypatch, tmp_path
):
    for suffix in (".safetensors", ".json"):
        content = bytearray(resource_path("Models", f"{SHIPPED}{suffix}").read_bytes())
        if suffix == ".safetensors":
            content[len(content) // 2] ^= 1
        (tmp_path / f"{SHIPPED}{suffix}").write_bytes(content)
    monkeypatch.setattr(model_files, "resource_path", lambda *parts: tmp_path / parts[-1])
    learned._loaded.cache_clear()
    with pytest.raises(model_files.AlteredModelError, match=r"segmentation\.safetensors with checksum.*reinstall"):
        SegmentationLogic(SegmentationSettings()).run(as_registered(a_heart.series()))
    learned._loaded.cache_clear()


def test_the_classical_method_asked_for_by_name_needs_no_notice(a_heart, as_registered):
    found = SegmentationLogic(SegmentationSettings(mode="classical")).run(as_registered(a_heart.series()))
    assert "network-not-used" not in {item.code for item in found.notices}


def test_without_torch_the_network_asked_for_by_name_is_an_error(a_heart, as_registered, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="torch"):
        NETWORK.run(as_registered(a_heart.series()))


def test_own_weights_that_are_none_are_refused(a_heart, as_registered, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    for path in (broken, tmp_path / "absent.safetensors"):
        with pytest.raises(QPerfusionError, match=path.name):
            SegmentationLogic(SegmentationSettings(weights=str(path))).run(as_registered(a_heart.series()))


@pytest.mark.parametrize("with_right_ventricle", [True, False])
def test_a_vessel_without_a_wall_is_never_a_sure_heart(a_heart, as_registered, with_right_ventricle):
    signal = a_heart.series()
    signal[:, a_heart.labels == 1] = signal[0, a_heart.labels == 0].mean()
    if not with_right_ventricle:
        signal[:, a_heart.labels == 3] = signal[0, a_heart.labels == 0].mean()
    found = SegmentationLogic(SegmentationSettings()).run(as_registered(signal))
    assert found.notices[0].code in ("segmentation-uncertain", "heart-not-found")


def test_a_drawing_away_from_the_pool_is_not_plausible():
    pool, wall, cavity = (np.zeros((40, 40), dtype=bool) for _ in range(3))
    pool[5:10, 5:10], wall[20:32, 20:32], cavity[23:29, 23:29] = True, True, True
    nothing = np.zeros((40, 40))
    assert not Drawing(wall & ~cavity, cavity, pool, nothing, 1.0).plausible(pool)
    assert Drawing(wall & ~cavity, cavity, pool, nothing, 1.0).plausible(cavity)


def test_a_crop_goes_back_to_where_it_came_from(a_heart):
    crop = Crop(a_heart.centre, 0.7, (2.0, 2.0))
    wall = (a_heart.labels[0] == 1).astype(float)
    back = crop.put_back(crop.take(wall), wall.shape)
    assert np.abs(back - wall).mean() < 0.02
    middle = 0.5 * (SIZE - 1)
    assert np.allclose(crop.point(middle, middle), a_heart.centre)


def test_the_crop_has_the_right_ventricle_up(a_heart, as_registered):
    from QPerfusionLogic.segmentation.contours.slice_input import crop_of

    enhancement = enhancement_of(as_registered(a_heart.series()))
    pools = find_blood_pools(enhancement)
    turned = crop_of(enhancement, pools, 0).take((a_heart.labels[0] == 3).astype(float))
    row, column = np.argwhere(turned > 0.5).mean(axis=0)
    assert row < 0.5 * SIZE - 5.0
    assert abs(column - 0.5 * SIZE) < 3.0


def test_a_leak_of_the_network_is_cut_off_by_the_ring(a_heart, overlap):
    labels = a_heart.labels[0]
    share = np.stack([labels == value for value in (0, 1, 2, 3)]).astype(float)
    row, column = (round(value) for value in a_heart.centre)
    share[:, row - 1 : row + 2, column + 14 : column + 24] = np.array([0.0, 1.0, 0.0, 0.0])[:, None, None]
    wall, cavity = contours_from_probabilities(share, a_heart.centre, (2.0, 2.0))
    assert overlap(wall | cavity, np.isin(labels, (1, 2))) > 0.95
    assert not (wall | cavity)[row, column + 19]


def test_the_epicardium_lies_half_a_millimetre_inside_its_edge_and_the_endocardium_where_the_plan_says():
    rows, columns = np.ogrid[:160, :160]
    radius_mm = 0.5 * np.hypot(rows - 80, columns - 80)
    share = np.stack([radius_mm > 30.0, (radius_mm <= 30.0) & (radius_mm > 20.0), radius_mm <= 20.0, radius_mm < 0.0])

    def radii_mm(plan):
        wall, cavity = contours_from_probabilities(share.astype(float), (80.0, 80.0), (0.5, 0.5), plan)
        return [0.5 * np.sqrt(mask.sum() / np.pi) for mask in (cavity, wall | cavity)]

    inner, outer = radii_mm(DrawingPlan())
    wider, plain_outer = radii_mm(DrawingPlan(margin_mm=0.0, trabeculae_mm=0.5))
    assert abs(inner - 20.0) < 0.6
    assert abs(wider - inner - 0.5) < 0.15
    assert abs(plain_outer - outer - 0.5) < 0.15


def test_moments_that_disagree_keep_the_place_of_the_lv_peak():
    from qperfusion_research.segmentation.training.network_training import _two_positions

    random, images = np.random.default_rng(0), np.random.default_rng(1).random((8, 16, 16))
    drawn = [_two_positions(images, random) for _ in range(200)]
    moved = [each for each in drawn if not np.array_equal(each, images)]
    assert 10 < len(moved) < 50
    assert all(np.array_equal(each[3:], images[3:]) for each in moved)


@pytest.mark.slow
def test_training_writes_weights_that_run(a_heart, as_registered, tmp_path):
    from qperfusion_research.segmentation.training.network_training import TrainingPlan, train_network

    said = []
    path = tmp_path / "own.safetensors"
    train_network(path, TrainingPlan(iterations=2, batch=3, fresh=2, validation=4), said.append)
    assert (tmp_path / "own.json").is_file()
    assert "synthetic Dice" in said[-1]
    found = SegmentationLogic(SegmentationSettings(weights=str(path))).run(as_registered(a_heart.series()))
    assert found.labels.shape == a_heart.labels.shape


def test_a_training_sample_is_the_same_for_the_same_seed():
    from qperfusion_research.segmentation.training.training_data import random_sample

    first, again, other = random_sample(3), random_sample(3), random_sample(4)
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    assert set(np.unique(first.labels)) <= {0, 1, 2, 3}


def test_a_digital_patient_gives_a_training_sample_with_the_right_ventricle_up():
    from qperfusion_research.segmentation.training.digital_data import digital_sample

    samples = [digital_sample(seed) for seed in (1, 2, 3)]
    rows = [
        [np.argwhere(sample.labels == value)[:, 0].mean() for value in (2, 3)]
        for sample in samples
        if (sample.labels == 3).any()
    ]
    assert all(right < left for left, right in rows)
    assert all(np.isfinite(sample.images).all() and sample.heat.max() > 0.5 for sample in samples)


def test_the_stream_of_samples_does_not_depend_on_the_order_in_which_they_are_asked_for():
    from qperfusion_research.segmentation.training.training_data import Stream

    first, other = Stream(0, 0.5), Stream(0, 0.5)
    late, early = other[2], other[0]
    assert np.array_equal(first[0].images, early.images)
    assert np.array_equal(first[2].images, late.images)
