"""Product and documents use the words of the field: none of the private words of early versions comes back."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_NAMES = (
    *("told", "tell", "tells", "room", "rooms", "door", "ruler", "arm", "arms", "negatives", "cascade", "session"),
    *("route", "routes", "foot", "begins_quiet", "bent", "unbent", "law", "expected_height", "lost_peak"),
    *("shared_blood", "transmit_field", "without_wall", "unmix", "unmixed", "pooled", "pooled_everywhere", "believed"),
    *("hopeless", "patience", "visf", "btex_cells", "between_beats", "taken_over", "breathe", "remember", "trial"),
    *("let_parameters_mean", "why_not", "leftness", "ups_and_downs", "ring_masks", "splinter", "departure", "doubt"),
    *("trials", "bars", "freedom", "energy", "muscle"),
)
"""Words of identifiers, in lower case with underscores."""
NOT_IN_PROSE = (
    r"\b(told|tells?)\b",
    r"\b(rooms?|doors?|the house|ruler)\b(?! temperature)",
    r"\b(routes?|cascades?|arms?)\b",
    r"\b(foot)\b",
    r"\b(transmit fields?|shared blood|lost peaks?|expected height)\b",
    r"\b(un)?bent\b",
    r"\b(doubt(ful|ed)?|hopeless|believed|breathe[sd]?|splinters?|leftness)\b",
    r"\b(pooled_everywhere|visf|btex_cells)\b",
    r"\bsays? so\b",
    r"(?<!papillary )(?<!skeletal )(?<!blood, )\bmuscles?\b",
    r"\b(working figures?|before you read|to know before reading|nothing was noticed|ups and downs|ring masks)\b",
    r"(?<![\w.])(\.\./shared|spec)/",
)
"""Patterns of comments, docstrings, messages and documents; case does not matter."""
EXCEPTIONS = {
    "QPerfusionLogic/settings/old_names.py": (".",),  # names of version 0.1, which are still read
    "QPerfusionLogic/kinetics/curve_fits.py": ("visf",),  # a column of the output contract
    "QPerfusionLogic/kinetics/models/": ("visf",),  # bounds of version 0.1
    "QPerfusionLogic/superresolution/": ("told", "departure", "doubt"),  # names inside weight files and older results
    "QPerfusionLogic/io/results/superresolved_files.py": ("departure", "doubt"),  # files of version 0.1
    "QPerfusionLogic/io/results/mapped_files.py": ("btex_cells",),  # results of version 0.1
    "QPerfusionLogic/phantom/": ("muscle",),  # the muscle of the chest wall and papillary muscles
    "QPerfusionLogic/kinetics/": ("trial", "freedom"),  # trial steps of a solver, degrees of freedom
    "QPerfusionLogic/agreement/": ("freedom",),
    "QPerfusionLogic/aif/scaling/": ("trial",),  # trial values of a scale
    "QPerfusionLogic/conversion/": ("trial",),
    "QPerfusionLogic/io/dicom/": ("tell",),  # the position in a stream
    "QPerfusionLogic/workflow/watched_process.py": ("session",),  # an argument of subprocess
    "QPerfusionLogic/reporting/dicom/": ("session",),  # an argument of highdicom
    "CHANGELOG.md": (".",),
    "Testing/": (".",),
    "Documentation/registration.md": ("doubtful",),  # a code of a notice
    "Documentation/notices.md": ("foot", "doubtful"),  # codes of notices
}
"""Start of a path -> words (of its names and prose) that have their plain meaning there."""
PLAIN = {"degrees_of_freedom", "degrees_of_freedom_used"}


def _allowed(path: str, found: str) -> bool:
    return any(
        path.startswith(start) and any(word == "." or word in found.lower() for word in words)
        for start, words in EXCEPTIONS.items()
    )


def _python() -> list[Path]:
    folders = ("QPerfusion", "QPerfusionLogic", "Research")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _words_of(name: str) -> str:
    return "_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_") + "_"


def test_no_identifier_has_a_private_word() -> None:
    found = set()
    for path in _python():
        place = path.relative_to(ROOT).as_posix()
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type != tokenize.NAME or token.string in PLAIN:
                continue
            words = _words_of(token.string)
            found |= {
                f"{place}: {token.string}"
                for word in NOT_IN_NAMES
                if f"_{word}_" in words and not _allowed(place, word)
            }
    assert not found, "\n".join(sorted(found))


def _prose() -> list[tuple[str, int, str]]:
    """Return path, line and text of every comment, string and line of a document."""
    found = []
    for path in _python():
        place = path.relative_to(ROOT).as_posix()
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT):
                text = re.sub(r"\{[^{}]*\}", "", token.string) if token.string[:1] == "f" else token.string
                if " " in text:
                    found.append((place, token.start[0], text))
    documents = [*ROOT.glob("*.md"), *(ROOT / "Documentation").rglob("*.md"), *(ROOT / "QPerfusion").rglob("*.ui")]
    for path in documents:
        place = path.relative_to(ROOT).as_posix()
        found += [(place, number, line) for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)]
    return found


@pytest.mark.parametrize("pattern", NOT_IN_PROSE)
def test_no_text_has_a_private_word(pattern: str) -> None:
    matcher = re.compile(pattern, re.IGNORECASE)
    found = [
        f"{place}:{line}: {match.group(0)}: {text[max(0, match.start() - 60) : match.end() + 40]!r}"
        for place, line, text in _prose()
        for match in matcher.finditer(text)
        if not _allowed(place, match.group(0))
    ]
    assert not found, "\n".join(found)
