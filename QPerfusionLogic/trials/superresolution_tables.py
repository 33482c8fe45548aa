"""The tables of super-resolution, beside the figures of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from QPerfusionLogic.study import BoolArray, FloatArray

Rows = Sequence[dict[str, str]]

PUBLISHED = """| published: GAN (nine patients of the authors) | 2.68 | | | 31.89 | 0.87 | | |
| published: PerfGen (the same nine patients) | 2.55 | | | 32.24 | 0.89 | | |"""
FAR = 0.05
"""Share by which the flow of a segment may move."""
FEW = 2.5 / 24.0
"""Share of the wall that two sectors make."""


def tables(images: Rows, flow: Rows, fraction: float) -> str:
    """Return both tables as Markdown."""
    parts = ["# Super-resolution on digital patients", ""]
    if images:
        parts += [_image_table(images, fraction), ""]
    if flow:
        parts += [_flow_table(flow, fraction), ""]
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


def _flow_table(rows: Rows, fraction: float) -> str:
    full = {row["patient"]: row for row in rows if row["frames"] == "full" and not row["failed"]}
    with_defect = sum(row["defect"] == "1" for row in full.values())
    lines = [
        f"""Flow: {len(full)} digital patients at stress, {with_defect} of them with a small defect
(30 to 70 degrees, whole wall or inner half), true contours, motion and input; {100 * fraction:.0f} % of the lines.
Change against full resolution; a defect is two or more neighbouring sectors of 15 degrees below 75 % of the remote
flow, in the whole wall or its inner half.""",
        "",
        """| frames | segment MBF: mean change % | mean absolute change % | segments within 5 % \
| defects of full resolution kept | healthy at full resolution, defect seen | size, mean change (share of the wall) \
| depth, mean change |""",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["frames"] for row in rows):
        own = [row for row in rows if row["frames"] == name and not row["failed"] and row["patient"] in full]
        if name != "full":
            lines.append(_flow_line(name, own, [full[row["patient"]] for row in own]))
    return "\n".join(lines)


def _flow_line(name: str, own: Rows, reference: Rows) -> str:
    segments = [f"segment_{index}" for index in range(7, 13)]
    change = np.concatenate([_column(own, key) / _column(reference, key) - 1.0 for key in segments])
    change = change[np.isfinite(change)]
    there, seen = _has_defect(reference), _has_defect(own)
    known = there & (np.array([row["defect"] for row in own]) == "1")
    healthy = ~there
    size = (_column(own, "size") - _column(reference, "size"))[known]
    depth = (_column(own, "depth") - _column(reference, "depth"))[known & seen]
    return (
        f"| {name} | {100 * change.mean():+.1f} | {100 * np.abs(change).mean():.1f} | "
        f"{100 * (np.abs(change) <= FAR).mean():.0f} % | {int((known & seen).sum())} of {int(known.sum())} | "
        f"{int((healthy & seen).sum())} of {int(healthy.sum())} | {_mean(size)} | {_mean(depth)} |"
    )


def _mean(values: FloatArray) -> str:
    known = values[np.isfinite(values)]
    return f"{known.mean():+.3f}" if len(known) else ""


def _has_defect(rows: Rows) -> BoolArray:
    size = np.fmax(_column(rows, "size"), _column(rows, "endo_size"))
    return np.asarray(np.nan_to_num(size) >= FEW * 0.75)


def _key(row: dict[str, str]) -> tuple[str, str]:
    return row["patient"], row["frame"]


def _column(rows: Rows, name: str) -> FloatArray:
    return np.array([float(row.get(name) or "nan") for row in rows])
