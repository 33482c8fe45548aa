"""Names of files without the endings of their formats; dots inside a name belong to it."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".seq.nrrd", ".seg.nrrd", ".nii.gz", ".nrrd", ".nhdr", ".nii", ".mha", ".mhd", ".csv", ".json", ".dcm")


def stem_of(path: Path) -> str:
    """Return the name of a file without the ending of its format.

    Examples
    --------
    >>> stem_of(Path("P1.2.rest.nii.gz")), stem_of(Path("rest.seq.nrrd"))
    ('P1.2.rest', 'rest')
    """
    ending = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), path.suffix)
    return path.name[: len(path.name) - len(ending)] if ending else path.name
