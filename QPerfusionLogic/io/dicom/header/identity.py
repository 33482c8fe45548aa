"""Whose series it is, comparable inside the loader and only a salted hash outside."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.errors import InputError

from .tags import Tags

HIDDEN = "***"


def hashed(identifier: str, salt: str) -> str:
    """Return 16 hexadecimal digits that do not lead back to the identifier; "" for an empty one."""
    return hashlib.sha256(f"{salt}\n{identifier}".encode()).hexdigest()[:16] if identifier else ""


def salt_of(headers: Iterable[Any]) -> str:
    """Return a salt that is the same for all series of a study and that no patient's name or number leads to."""
    return min((Tags(header).text("StudyInstanceUID") for header in headers), default="")


def patient_of(header: Any) -> str:
    """Return what distinguishes one patient from another; "" where the header shows nothing."""
    tags = Tags(header)
    return tags.text("PatientID") or tags.text("PatientName")


def same_patient(one: Any, other: Any) -> bool:
    """Return True when two headers name one patient, spelling aside."""
    return plain_patient(patient_of(one)) == plain_patient(patient_of(other))


def check_one_patient(headers: Iterable[Any], accepted: bool = False) -> tuple[Notice, ...]:
    """Return a notice when headers spell the patient in several ways.

    Parameters
    ----------
    accepted : bool
        Take different PatientID as one patient's: only a notice.

    Raises
    ------
    InputError
        When they belong to more than one patient and that was not accepted.
    """
    patients = {patient_of(header) for header in headers} - {""}
    if len(patients) < 2:
        return ()
    if len({plain_patient(patient) for patient in patients}) == 1:
        message = "the PatientID of the series is spelled in several ways; they were taken as one patient's"
        return (Notice.of("patient-id-spelling", message, "check that all series are of one patient"),)
    if accepted:
        message = f"series of {len(patients)} different PatientID were taken as one patient's, as the settings say"
        return (Notice.of("patient-ids-differ", message, "check that all series are of one patient"),)
    raise InputError(
        f"series of {len(patients)} patients (different PatientID)",
        expected="stress and rest of one patient",
        action="give the folders of one patient, or accept the identifiers if it is one",
        option="--set loading.accept_patient_ids=true",
    )


def plain_patient(patient: str) -> str:
    """Return an identifier without case, separators and leading zeros."""
    return re.sub(r"[\W_]+", "", patient.lower()).lstrip("0")


def without_names(text: str, header: Any) -> str:
    """Return text with the patient's name and number struck out."""
    tags = Tags(header)
    names = re.split(r"[\s^=,]+", f"{tags.text('PatientName')} {tags.text('PatientID')}")
    for name in sorted(filter(lambda part: len(part) > 3, names), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", HIDDEN, text, flags=re.IGNORECASE)
    return text
