"""Private elements found by the creator that reserved their block, wherever the block lies."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

CREATOR_ELEMENTS = range(0x10, 0x100)
_FORMATS = {2: "<h", 4: "<f", 8: "<d"}
"""Numbers of a length in bytes whose value representation was lost: SS, FL and FD."""


@dataclass(frozen=True)
class PrivateElement:
    """One element: the group, the creator's text and the last two digits of the element number."""

    group: int
    creator: str
    offset: int


PHILIPS = "PHILIPS IMAGING DD 001"
"""Written with and without "MR"."""
PHILIPS_DYNAMIC_TIME_S = PrivateElement(0x2005, PHILIPS, 0xA0)
PHILIPS_SCALE_SLOPE = PrivateElement(0x2005, PHILIPS, 0x0E)
GE_IMAGE_KIND = PrivateElement(0x0043, "GEMS_PARM_01", 0x2F)
SIEMENS_CSA_SERIES = PrivateElement(0x0029, "SIEMENS CSA HEADER", 0x20)
SIEMENS_XA_PROTOCOL = PrivateElement(0x0021, "SIEMENS MR SDS 01", 0x19)


def private_value(layer: Any, element: PrivateElement) -> Any:
    """Return the value of a private element of a Dataset or of `flattened` groups, None where it is absent.

    An element whose creator was taken away is looked for in the first block, where makers put it.
    """
    if isinstance(layer, dict):
        return layer.get(element)
    of_group = [tag & 0xFFFF for tag in list(layer.keys()) if tag >> 16 == element.group]
    reserved = [number for number in of_group if number in CREATOR_ELEMENTS]
    blocks = [number for number in reserved if _is(layer.get((element.group, number)), element.creator)]
    if not blocks and CREATOR_ELEMENTS[0] not in reserved:
        blocks = [CREATOR_ELEMENTS[0]]
    for block in blocks:
        found = layer.get((element.group, (block << 8) + element.offset))
        if found is not None:
            return as_number(found.value)
    return None


def name_of(element: Any) -> PrivateElement | None:
    """Return under which name an element of a Dataset is kept when groups are flattened; None for standard ones."""
    if not element.tag.is_private or element.tag.is_private_creator:
        return None
    creator = plain_creator(str(getattr(element, "private_creator", None) or ""))
    return PrivateElement(element.tag.group, creator, element.tag.element & 0xFF)


def as_number(value: Any) -> Any:
    """Return the number that a few bytes hold; any other value as it is.

    Examples
    --------
    >>> as_number(b"\\x00\\x00\\x40\\x40"), as_number(2.5)
    (3.0, 2.5)
    """
    if not isinstance(value, bytes) or len(value) not in _FORMATS:
        return value
    return float(struct.unpack(_FORMATS[len(value)], value)[0])


def _is(element: Any, creator: str) -> bool:
    value = getattr(element, "value", "")
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return plain_creator(text) == creator


def plain_creator(text: str) -> str:
    """Return a creator in upper case, spellings of one maker made the same."""
    return text.strip(" \0").upper().replace("PHILIPS MR ", "PHILIPS ")
