"""Write a comparison: tables, figures, JSON and a page to look at."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from QPerfusionLogic import __version__
from QPerfusionLogic.io.files.csv_tables import safe_cell
from QPerfusionLogic.io.files.output_folder import writing
from QPerfusionLogic.io.results.provenance import file_hash

from .comparison import Agreement
from .comparison_figures import bland_altman_figure, scatter_figure
from .comparison_page import cell, comparison_page, figure_stem, statistics_of


def write_agreement(agreement: Agreement, output: Path, inputs: Sequence[Path] = ()) -> None:
    """Write agreement.csv, pairs.csv, agreement.json, agreement.html, figures/ and provenance.json.

    Parameters
    ----------
    agreement : Agreement
        From `compare_tables`.
    output : Path
        A new or empty folder, or an earlier comparison.
    inputs : sequence of Path
        The two tables, for their checksums.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    figures = {
        f"{figure_stem(quantity)}_{kind}.svg": draw(quantity)
        for quantity in agreement.quantities
        for kind, draw in (("bland_altman", bland_altman_figure), ("scatter", scatter_figure))
    }
    with writing(Path(output)) as folder:
        _write(
            folder / "agreement.csv",
            _csv(("quantity", "level", "statistic", "value", "low", "high"), _lines(agreement)),
        )
        _write(folder / "pairs.csv", _csv(("quantity", "level", "id", "reference", "test"), _pairs(agreement)))
        _write(folder / "agreement.json", json.dumps(agreement.as_dictionary(), indent=1) + "\n")
        _write(folder / "agreement.html", comparison_page(agreement, figures))
        (folder / "figures").mkdir()
        for name, svg in figures.items():
            _write(folder / "figures" / name, svg)
        _write(folder / "provenance.json", json.dumps(_provenance(inputs), indent=1) + "\n")


def summary_lines(agreement: Agreement) -> tuple[str, ...]:
    """Return one line per quantity and one per remark, for a terminal."""
    lines = []
    for quantity in agreement.quantities:
        found = quantity.bland_altman
        text = (
            f"{quantity.name} ({quantity.level}, n {quantity.n}): bias {found.bias.value:+.3f} "
            f"[{found.bias.low:+.3f}, {found.bias.high:+.3f}], limits {found.lower_limit.value:+.3f} to "
            f"{found.upper_limit.value:+.3f}, ICC(2,1) {quantity.intraclass.agreement.value:.3f}, "
            f"r {quantity.linear.r.value:.3f}, Mann-Whitney p {quantity.mann_whitney.p:.3g}"
        )
        for level, agreed in quantity.thresholds.items():
            equal = agreed.both_below + agreed.both_above
            text += f", {equal}/{agreed.n} {level}s on the same side of {agreed.threshold:g}"
        lines.append(text)
    return (*lines, *agreement.remarks)


def _lines(agreement: Agreement) -> Iterable[Sequence[Any]]:
    for quantity in agreement.quantities:
        for statistic, estimate in statistics_of(quantity):
            yield (quantity.name, quantity.level, statistic, *map(cell, (estimate.value, estimate.low, estimate.high)))


def _pairs(agreement: Agreement) -> Iterable[Sequence[Any]]:
    for quantity in agreement.quantities:
        for key, one, two in zip(quantity.keys, quantity.reference, quantity.test, strict=True):
            yield quantity.name, quantity.level, key, f"{one:.6g}", f"{two:.6g}"


def _provenance(inputs: Sequence[Path]) -> dict[str, Any]:
    return {
        "software": {"qperfusion": __version__},
        "inputs": [{"sha256": file_hash(path)} for path in inputs],
    }


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
