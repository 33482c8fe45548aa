"""Masks of DICOM SEG, cvi42, Segment and QMass give the myocardium that was drawn, or are refused by name."""

import highdicom
import numpy as np
import pydicom
import pytest
import scipy.io
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from QPerfusionLogic.errors import InputError
from QPerfusionLogic.io.files.nrrd_files import write_labels
from QPerfusionLogic.io.masks.contours import filled
from QPerfusionLogic.io.study.logic import LoadingLogic
from QPerfusionLogic.io.study.request import StudyRequest

ROWS, COLUMNS, SLICES = 32, 30, 2
CENTRE, RADII = (14.0, 15.0), (5.2, 9.3)
RIGHT_CENTRE, RIGHT_RADIUS = (26.0, 15.0), 2.6


def circle(centre, radius):
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


ENDO, EPI, RIGHT = circle(CENTRE, RADII[0]), circle(CENTRE, RADII[1]), circle(RIGHT_CENTRE, RIGHT_RADIUS)


@pytest.fixture
def drawn():
    """Labels (rows, columns) by the distance from the centres, the true mask."""
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    distance = np.hypot(x - CENTRE[0], y - CENTRE[1])
    labels = np.where(distance < RADII[0], 2, np.where(distance < RADII[1], 1, 0)).astype(np.uint8)
    labels[np.hypot(x - RIGHT_CENTRE[0], y - RIGHT_CENTRE[1]) < RIGHT_RADIUS] = 3
    return labels


@pytest.fixture
def a_series(write, clocks, tmp_path):
    """Folder of a DICOM series of two slices."""
    folder = tmp_path / "rest"
    write(folder, frames=12, slices=SLICES, rows=ROWS, columns=COLUMNS, FrameOfReferenceUID="1.2.3", **clocks.siemens())
    return folder


def mask_of(series, mask):
    return LoadingLogic().run(StudyRequest(rest=series, rest_mask=mask)).rest


def images_of(series):
    """Return one image of each slice."""
    found = {}
    for path in sorted(series.iterdir()):
        dataset = pydicom.dcmread(path)
        found.setdefault(float(dataset.ImagePositionPatient[2]), dataset)
    return list(found.values())


def write_segmentation(path, series, labels, names):
    """Write labels (slices, rows, columns) as a DICOM SEG of highdicom."""
    sources = images_of(series)
    for number, source in enumerate(sources):
        source.PatientBirthDate, source.PatientSex, source.AccessionNumber = "", "", ""
        source.StudyID, source.StudyDate, source.StudyTime, source.ReferringPhysicianName = "", "", "", ""
        source.InstanceNumber = number + 1
    described = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Heart,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(names, 1)
    ]
    highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=labels,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=99,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="A",
        manufacturer_model_name="B",
        software_versions="1",
        device_serial_number="1",
    ).save_as(path)
    return path


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (("Myocardium", "LV blood pool", "RV blood pool"), (1, 2, 3)),
        (("Left ventricle", "Right ventricle", "LV myocardium"), (3, 1, 2)),
        (("Segment_1", "Segment_2", "Segment_3"), (3, 1, 2)),
    ],
)
def test_a_dicom_segmentation_is_read_by_its_names_or_its_rings(a_series, drawn, tmp_path, names, order):
    numbers = np.array([0, *order], dtype=np.uint8)
    labels = np.stack([numbers[drawn]] * SLICES)
    found = mask_of(a_series, write_segmentation(tmp_path / "mask.dcm", a_series, labels, names))
    np.testing.assert_array_equal(found.mask.labels, np.stack([drawn] * SLICES))


def test_a_segmentation_of_one_slice_leaves_the_other_empty(a_series, drawn, tmp_path):
    labels = np.stack([drawn, 0 * drawn])
    names = ("Myocardium", "LV", "RV")
    found = mask_of(a_series, write_segmentation(tmp_path / "mask.dcm", a_series, labels, names)).mask.labels
    assert sorted(int(slice_.sum()) for slice_ in found) == [0, int(drawn.sum())]


def test_myocardium_of_the_right_ventricle_is_not_the_wall(a_series, drawn, tmp_path):
    labels = np.stack([(drawn == 1).astype(np.uint8)] * SLICES)
    path = write_segmentation(tmp_path / "mask.dcm", a_series, labels, ("RV myocardium",))
    with pytest.raises(InputError, match="RV myocardium"):
        mask_of(a_series, path)


def test_a_segmentation_of_another_place_is_refused(a_series, drawn, tmp_path):
    path = write_segmentation(tmp_path / "mask.dcm", a_series, np.stack([drawn] * 2), ("Myocardium", "LV", "RV"))
    dataset = pydicom.dcmread(path)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        place = frame.PlanePositionSequence[0]
        place.ImagePositionPatient = [*place.ImagePositionPatient[:2], place.ImagePositionPatient[2] + 300]
    dataset.save_as(path)
    with pytest.raises(InputError, match="none of which lies on a slice"):
        mask_of(a_series, path)


def test_an_image_is_no_mask(a_series):
    with pytest.raises(InputError, match="no DICOM segmentation"):
        mask_of(a_series, next(a_series.iterdir()))


def write_workspace(path, uids, subpixel=4):
    def item(key, content, kind="item"):
        return f'<Hash:{kind} Hash:key="{key}">{content}</Hash:{kind}>'

    def contour(name, points):
        corners = "".join(
            f"<List:item><Point:x>{subpixel * x:.4f}</Point:x><Point:y>{subpixel * y:.4f}</Point:y></List:item>"
            for x, y in points
        )
        return item(name, item("SubpixelResolution", str(subpixel)) + item("Points", corners))

    contours = (("saepicardialContour", EPI), ("saendocardialContour", ENDO), ("sarvendocardialContour", RIGHT))
    drawing = item("Contours", "".join(contour(*pair) for pair in contours) + contour("laepicardialContour", RIGHT))
    states = item("ImageStates", "".join(item(uid, drawing) for uid in uids))
    spaces = " ".join(f'xmlns:{name}="http://www.example.org/{name}"' for name in ("Hash", "List", "Point"))
    path.write_text(f'<?xml version="1.0"?><Hash:root {spaces}>{states}</Hash:root>')
    return path


@pytest.mark.parametrize("ending", [".cvi42wsx", ".CVI42WSX"])
def test_contours_of_cvi42_are_found_by_the_identifiers_of_the_images(a_series, drawn, tmp_path, ending):
    uids = [image.SOPInstanceUID for image in images_of(a_series)]
    found = mask_of(a_series, write_workspace(tmp_path / f"contours{ending}", uids))
    np.testing.assert_array_equal(found.mask.labels, np.stack([drawn] * SLICES))


def test_contours_of_cvi42_for_other_images_are_refused(a_series, tmp_path):
    with pytest.raises(InputError, match="none of them of this series"):
        mask_of(a_series, write_workspace(tmp_path / "contours.cvi42wsx", ["1.2.3"]))


def test_contours_of_cvi42_need_the_dicom_series(drawn, tmp_path):
    path = write_workspace(tmp_path / "contours.cvi42wsx", ["1.2.3"])
    from QPerfusionLogic.data.geometry import Geometry
    from QPerfusionLogic.io.files.nrrd_files import write_sequence

    values = np.random.default_rng(0).uniform(10, 20, (10, 1, ROWS, COLUMNS)).astype(np.float32)
    write_sequence(tmp_path / "rest.seq.nrrd", values, np.arange(10) * 0.8, Geometry.axis_aligned(1))
    with pytest.raises(InputError, match="no DICOM"):
        mask_of(tmp_path / "rest.seq.nrrd", path)


def write_mat(path, rows=ROWS):
    def field(points, axis):
        return np.repeat((points[:, axis] + 1.0)[:, None, None], SLICES, axis=2)

    fields = {}
    for name, points in (("Endo", ENDO), ("Epi", EPI), ("RVEndo", RIGHT)):
        fields |= {f"{name}X": field(points, 1), f"{name}Y": field(points, 0)}
    sizes = {"XSize": rows, "YSize": COLUMNS, "ZSize": SLICES, "TSize": 1}
    scipy.io.savemat(path, {"setstruct": {**fields, **sizes}})
    return path


def test_contours_of_segment_are_read(a_series, drawn, tmp_path):
    found = mask_of(a_series, write_mat(tmp_path / "contours.mat"))
    np.testing.assert_array_equal(found.mask.labels, np.stack([drawn] * SLICES))
    assert "mask-without-position" in {notice.code for notice in found.tissue.notices}


def test_contours_of_segment_on_another_grid_are_refused(a_series, tmp_path):
    with pytest.raises(InputError, match=r"2 slices of 40 x 30"):
        mask_of(a_series, write_mat(tmp_path / "contours.mat", rows=40))


def test_contours_of_qmass_are_named_by_their_nesting(a_series, drawn, tmp_path):
    text = f"[FILE INFO]\nImage_resolution={COLUMNS}x{ROWS}\n"
    for slice_ in range(SLICES):
        for kind, points in ((5, RIGHT), (1, EPI), (0, ENDO)):
            lines = "\n".join(f"{x:.4f} {y:.4f}" for x, y in points)
            text += f"[XYCONTOUR]\n{slice_} 0 {kind} 1.0\n{len(points)}\n{lines}\n"
    (tmp_path / "contours.con").write_text(text)
    found = mask_of(a_series, tmp_path / "contours.con")
    np.testing.assert_array_equal(found.mask.labels, np.stack([drawn] * SLICES))


@pytest.mark.parametrize("name", ["contours.mat", "contours.con", "contours.cvi42wsx", "mask.xyz"])
def test_a_file_that_is_no_mask_ends_in_one_line(a_series, tmp_path, name):
    (tmp_path / name).write_text("nothing")
    with pytest.raises(InputError) as caught:
        mask_of(a_series, tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_slicer_segmentation_without_names_is_recognised_by_its_rings(a_series, drawn, tmp_path):
    series = LoadingLogic().run(StudyRequest(rest=a_series)).rest.tissue
    numbers = np.array([0, 3, 1, 2], dtype=np.uint8)
    metadata = {}
    for number in range(3):
        metadata |= {f"Segment{number}_Name": f"Segment_{number + 1}", f"Segment{number}_LabelValue": str(number + 1)}
    labels = np.stack([numbers[drawn]] * SLICES)
    write_labels(tmp_path / "mask.seg.nrrd", labels, series.geometry, metadata)
    np.testing.assert_array_equal(mask_of(a_series, tmp_path / "mask.seg.nrrd").mask.labels, np.stack([drawn] * 2))


def test_a_filled_polygon_has_the_area_of_its_circle():
    inside = filled(circle((50.3, 49.6), 30.0), (100, 100))
    assert inside.sum() == pytest.approx(np.pi * 30**2, rel=0.005)
