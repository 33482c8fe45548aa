"""The tables of super-resolution, beside the figures of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.data.arrays import BoolArray, FloatArray

from .flow_cases import PREFIXES, REDUCED, SECTORS, SEGMENTS, share_of_remote, windows_of

Rows = Sequence[dict[str, str]]
PUBLISHED = """| published: GAN (nine patients of the authors) | 2.68 | | | 31.89 | 0.87 | | |
| published: PerfGen (the same nine patients) | 2.55 | | | 32.24 | 0.89 | | |"""
FAR = 0.05
"""Share by which the flow of a segment may move."""
SOUND, POOR = 0.85, 0.65
"""Share of the remote flow above which a part holds no defect for sure, and below which it holds one for sure."""
MEASURES = {
    "AHA segments": ("segment", tuple(PREFIXES), SEGMENTS, share_of_remote),
    "windows of 45 degrees": ("window", ("", "endo_"), range(1, SECTORS + 1), share_of_remote),
    "sectors of 15 degrees, mean of three": ("sector", ("", "endo_"), range(1, SECTORS + 1), windows_of),
}
"""How the wall is divided -> name of the parts in a row, layers, numbers, what makes shares of the remote flow."""


def tables(images: Rows, flow: Rows, fraction: float, model: str) -> str:
    """Return both tables as Markdown."""
    parts = ["# Super-resolution on digital patients", ""]
    if images:
        parts += [_image_table(images, fraction), ""]
    if flow:
        parts += [_flow_table(flow, fraction, model), "", _count_table(flow), ""]
    return "\n".join(parts)


def _image_table(rows: Rows, fraction: float) -> str:
    zero = {_key(row): float(row["nrmse"]) for row in rows if row["method"] == "zero-filled"}
    quiet = {_key(row): float(row["nrmse_without_noise"]) for row in rows if row["method"] == "zero-filled"}
    floor = {_key(row): float(row["floor"]) for row in rows}
    patients = {row["patient"] for row in rows}
    least_possible = 100 * np.mean(list(floor.values()))
    lines = [
        f"""Images: {len(patients)} digital patients, {len(zero)} frames, {100 * fraction:.0f} % of the lines,
96 x 96 pixels round the heart. Noise of the lines that were not measured cannot be known: it alone makes an nRMSE of
{least_possible:.2f} %, the floor. Reach is the share of the way from zero-filled to the floor (in squares).
Without noise: the same scans simulated without noise.""",
        "",
        """| method | nRMSE % | ratio to zero-filled, mean (worst) | reach % | PSNR dB | SSIM \
| nRMSE % without noise | ratio without noise, mean (worst) |""",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == name]
        error, without = _column(own, "nrmse"), _column(own, "nrmse_without_noise")
        base = np.array([zero[_key(row)] for row in own])
        calm = np.array([quiet[_key(row)] for row in own])
        least = np.array([floor[_key(row)] for row in own])
        ratio, other = error / base, without / calm
        reach = (base**2 - error**2).mean() / (base**2 - least**2).mean()
        lines.append(
            f"| {name} | {100 * error.mean():.2f} | {ratio.mean():.3f} ({ratio.max():.3f}) | {100 * reach:.0f} | "
            f"{_column(own, 'psnr').mean():.2f} | {_column(own, 'ssim').mean():.3f} | {100 * without.mean():.2f} | "
            f"{other.mean():.3f} ({other.max():.3f}) |"
        )
    return "\n".join([*lines, PUBLISHED])


def _flow_table(rows: Rows, fraction: float, model: str) -> str:
    full = {row["patient"]: row for row in rows if row["frames"] == "full" and not row["failed"]}
    with_defect = sum(row["defect"] == "1" for row in full.values())
    lines = [
        f"""Flow: {len(full)} digital patients at stress, {with_defect} of them with a small defect
(30 to 70 degrees, whole wall or inner half), true contours, motion and input; {100 * fraction:.0f} % of the lines;
model {model}.
Change of segment flow is against full resolution, in the last lines against full resolution without noise. A defect
is where the mean of three neighbouring sectors of 15 degrees lies below 75 % of the remote flow, in the whole wall
or its inner half; size is its share of the wall, depth how far the lowest part lies below the remote flow. Made up:
hearts in which a window above 85 % of the remote flow at full resolution lies below 75 % here; erased: one below 65 %
lies above 75 % here. Full, again: a second scan at full resolution, alike but for its noise.""",
        "",
        """| frames | segment MBF: mean change % | mean absolute change % | segments within 5 % | defects seen \
| seen in healthy hearts | made up | erased \
| size against full, mean (SD) | depth against full, mean (SD) | size against truth | depth against truth |""",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["frames"] for row in rows):
        reference = {r["patient"]: r for r in rows if r["frames"] == _reference(name) and not r["failed"]}
        own = [row for row in rows if row["frames"] == name and not row["failed"] and row["patient"] in reference]
        if own:
            lines.append(_flow_line(name, own, [reference[row["patient"]] for row in own]))
    return "\n".join(lines)


def _reference(name: str) -> str:
    """Return the frames that a kind of frames is held against."""
    return "without noise" if name.endswith("without noise") else "full"


def _flow_line(name: str, own: Rows, reference: Rows) -> str:
    segments = [f"segment_{index}" for index in range(7, 13)]
    change = np.concatenate([_column(own, key) / _column(reference, key) - 1.0 for key in segments])
    change = change[np.isfinite(change)]
    seen = _has_defect(own)
    given = np.array([row["defect"] == "1" for row in own])
    size, depth = (_column(own, key)[given] for key in ("size", "depth"))
    cells = [
        name,
        f"{100 * change.mean():+.1f}",
        f"{100 * np.abs(change).mean():.1f}",
        f"{100 * (np.abs(change) <= FAR).mean():.0f} %",
        f"{int((seen & given).sum())} of {int(given.sum())}",
        f"{int((seen & ~given).sum())} of {int((~given).sum())}",
        *_made_up_and_erased(own, reference),
        _mean(size - _column(reference, "size")[given], spread=True),
        _mean(depth - _column(reference, "depth")[given], spread=True),
        _mean(size - _column(own, "true_size")[given]),
        _mean(depth - _column(own, "true_depth")[given]),
    ]
    return f"| {' | '.join(cells)} |"


def _count_table(rows: Rows) -> str:
    """Return in how many hearts defects are made up and erased, for each way to divide the wall and each reference."""
    lines = [
        """Hearts in which a defect is made up / erased, counted as above in larger parts of the wall too: the six AHA
segments and their two layers, as a reader sees them, and windows of 45 degrees, whole wall and inner half, whose pixels
are pooled before the fit. Held against the scan at full resolution, and against the same scan without noise, from
which the scan at full resolution differs itself.""",
        "",
        f"| frames | {' | '.join(f'{name}: against full | without noise' for name in MEASURES)} |",
        "|---" * (1 + 2 * len(MEASURES)) + "|",
    ]
    by_name: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        if not row["failed"]:
            by_name.setdefault(row["frames"], {})[row["patient"]] = row
    for name, own in by_name.items():
        cells = []
        for measure in MEASURES:
            for reference in ("full", "without noise"):
                there = by_name.get(reference, {})
                both = [patient for patient in own if patient in there]
                made, gone = _counts([own[p] for p in both], [there[p] for p in both], measure)
                compared = both and name != reference and _reference(name) in ("full", reference)
                cells.append(f"{made} / {gone} of {len(both)}" if compared else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _made_up_and_erased(own: Rows, reference: Rows) -> tuple[str, str]:
    """Return in how many hearts a defect is made up, and in how many one is erased."""
    made, gone = _counts(own, reference, "sectors of 15 degrees, mean of three")
    return f"{made} of {len(own)}", f"{gone} of {len(own)}"


def _counts(own: Rows, reference: Rows, measure: str) -> tuple[int, int]:
    """Return the number of hearts with a defect made up, and with one erased, in the parts of a measure."""
    counts = np.zeros(2, int)
    for here, there in zip(own, reference, strict=True):
        found = np.zeros(2, bool)
        for one, two in zip(_shares(here, measure), _shares(there, measure), strict=True):
            found |= ((two > SOUND) & (one < REDUCED)).any(), ((two < POOR) & (one >= REDUCED)).any()
        counts += found
    return int(counts[0]), int(counts[1])


def _shares(row: dict[str, str], measure: str) -> list[FloatArray]:
    """Return the flow of all parts as a share of the remote flow, one array for each layer."""
    kind, layers, numbers, share = MEASURES[measure]
    names = [[f"{layer}{kind}_{number}" for number in numbers] for layer in layers]
    return [share(np.array([float(row.get(name) or "nan") for name in part])) for part in names]


def _mean(values: FloatArray, spread: bool = False) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return ""
    return f"{known.mean():+.3f}" + (f" ({known.std():.3f})" if spread else "")


def _has_defect(rows: Rows) -> BoolArray:
    size = np.fmax(_column(rows, "size"), _column(rows, "endo_size"))
    return np.asarray(np.nan_to_num(size) > 0.0)


def _key(row: dict[str, str]) -> tuple[str, str]:
    return row["patient"], row["frame"]


def _column(rows: Rows, name: str) -> FloatArray:
    return np.array([float(row.get(name) or "nan") for row in rows])
