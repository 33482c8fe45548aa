"""What only the Siemens protocol text (MrPhoenixProtocol in the private header) shows of a perfusion sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .private_tags import SIEMENS_CSA_SERIES, SIEMENS_XA_PROTOCOL, private_value


@dataclass(frozen=True)
class SiemensProtocol:
    """Values of the protocol text; None where absent."""

    echo_spacing_s: float | None = None
    saturation_time_s: float | None = None
    lines: int | None = None
    acceleration: float | None = None


def siemens_protocol_of(header: Any) -> SiemensProtocol:
    """Return what the private protocol text of a Siemens header shows; an empty one for other headers."""
    text = _protocol_text(header)
    spacing_us = _number(text, "sFastImaging.lEchoSpacing")
    inversion_us = _number(text, "alTI[0]")
    lines = _number(text, "sKSpace.lPhaseEncodingLines")
    return SiemensProtocol(
        echo_spacing_s=spacing_us * 1e-6 if spacing_us and 500.0 <= spacing_us <= 20000.0 else None,
        saturation_time_s=inversion_us * 1e-6 if inversion_us and 1000.0 <= inversion_us <= 2e6 else None,
        lines=int(lines) if lines and 8 <= lines <= 1024 else None,
        acceleration=_number(text, "sPat.lAccelFactPE"),
    )


def _protocol_text(header: Any) -> str:
    for element in (SIEMENS_CSA_SERIES, SIEMENS_XA_PROTOCOL):
        value = private_value(header, element)
        if isinstance(value, bytes):
            start = value.find(b"### ASCCONV BEGIN")
            end = value.find(b"### ASCCONV END", start)
            if start >= 0:
                return value[start : end if end > 0 else None].decode("latin-1")
    return ""


def _number(text: str, name: str) -> float | None:
    match = re.search(rf"^\s*{re.escape(name)}\s*=\s*([-+0-9.eE]+)\s*$", text, re.MULTILINE)
    try:
        return float(match.group(1)) if match else None
    except ValueError:
        return None
