"""The verb `qperfusion settings`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from QPerfusionLogic.workflow.terminal import Terminal

from .verb_options import add_settings_options, new_verb, settings_from

if TYPE_CHECKING:
    from QPerfusionLogic.settings.schema import Settings


def add_settings(verbs: argparse._SubParsersAction) -> None:
    verb = new_verb(verbs, "settings", _settings, "print every setting with its value, as JSON that --settings takes")
    verb.add_argument(
        "--describe", action="store_true", help="with unit, range or choices, default and meaning, as text"
    )
    add_settings_options(verb)


def _settings(options: argparse.Namespace, terminal: Terminal) -> None:
    settings = settings_from(options)
    if options.describe:
        for entry in _descriptions(settings):
            terminal.say(_as_text(entry), **entry)
        return
    content = settings.as_dictionary()
    terminal.say(json.dumps(content, indent=2), settings=content)


def _descriptions(settings: Settings) -> list[dict[str, Any]]:
    """Return every setting with its value, default, what it may be, unit and meaning, in the order of the stages."""
    import dataclasses

    from QPerfusionLogic.settings.schema import Settings

    defaults, values = Settings().as_dictionary(), settings.as_dictionary()
    found = []
    for stage in dataclasses.fields(settings):
        for item in dataclasses.fields(getattr(settings, stage.name)):
            about = item.metadata
            limits = f"{about['low']:g} to {about['high']:g}" if "low" in about else ""
            found.append(
                {
                    "name": f"{stage.name}.{item.name}",
                    "value": values[stage.name][item.name],
                    "default": defaults[stage.name][item.name],
                    "allowed": " | ".join(str(option) for option in about.get("options", ())) or limits,
                    "unit": about.get("unit", ""),
                    "meaning": about.get("help", ""),
                }
            )
    return found


def _as_text(entry: dict[str, Any]) -> str:
    """Return a setting as a name, what it is and may be, and what it means, on lines of their own."""
    value, default = (_value_text(entry[key]) for key in ("value", "default"))
    allowed = " ".join(part for part in (entry["allowed"], entry["unit"]) if part)
    changed = f"{value} (default {default})" if value != default else default
    lines = [f"{entry['name']} = {changed}", f"    {allowed}", f"    {entry['meaning']}"]
    return "\n".join(line for line in lines if line.strip())


def _value_text(value: Any) -> str:
    if value is None:
        return "none"
    if value in ("", [], {}):
        return "empty"
    return json.dumps(value).strip('"')
