"""Documents: lines that fit, links that lead somewhere, a change log of the known form, numbered decisions."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_LINE = 120
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def _documents() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, cwd=ROOT, check=False).stdout
    return [ROOT / name for name in listed.split("\n") if name] or sorted(ROOT.glob("*.md"))


DOCUMENTS = _documents()
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines outside code, tables and pictures."""
    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside and not line.startswith(("|", "![")):
            yield number, line


def _can_break(line: str) -> bool:
    return " " in re.sub(r"`[^`]*`", "code", line).strip()


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_lines_are_wrapped(path: Path) -> None:
    long = [number for number, line in _prose(path) if len(line) > LONGEST_LINE and _can_break(line)]
    assert long == [], f"wrap these lines at {LONGEST_LINE} characters"


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_links_to_files_lead_to_files(path: Path) -> None:
    text = "\n".join(line for _, line in _prose(path))
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", link)]
    assert [link for link in links if not (path.parent / link.partition("#")[0]).exists()] == []


def test_documents_that_the_code_names_exist() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "QPerfusionLogic").rglob("*.py"))
    text += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "Resources").rglob("*.csv"))
    named = set(re.findall(r"Documentation/[\w./-]+\.md", text))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_places_in_the_guide_of_contributors_exist() -> None:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where things are")[2].splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    places = [place for line in rows for place in re.findall(r"`([\w/.]+)`", line.split("|")[2])]
    assert places
    bases = (ROOT, ROOT / "QPerfusionLogic", ROOT / "QPerfusionLogic" / "reporting" / "html")
    assert [place for place in places if not any((base / place).exists() for base in bases)] == []


def test_the_change_log_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\]( - \d{4}-\d{2}-\d{2})?", line) for line in versions[1:])
    assert {line[4:] for line in lines if line.startswith("### ")} <= KINDS
    first = lines.index(versions[0])
    kinds = [line for line in lines[first : lines.index(versions[1])] if line.startswith("### ")]
    assert len(kinds) == len(set(kinds)), "each kind stands once a version"
    outside = [line for line in lines[first + 1 : lines.index(kinds[0])] if line.startswith("- ")]
    assert outside == [], "an entry belongs below Added, Changed or Fixed"


def test_decisions_are_numbered_without_a_gap_and_named_as_their_files() -> None:
    paths = sorted((ROOT / "Documentation" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in paths] == list(range(1, len(paths) + 1))
    titles = [path.read_text(encoding="utf-8").split("\n", 1)[0] for path in paths]
    assert all(title.startswith(f"# {number}. ") for number, title in enumerate(titles, start=1))
