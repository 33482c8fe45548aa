"""What a user can choose: every setting with its value, unit and meaning, and why a choice cannot be run."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from QPerfusionLogic.errors import QPerfusionError
from QPerfusionLogic.settings.names import choice_name
from QPerfusionLogic.settings.schema import Settings
from QPerfusionLogic.translation import _


@dataclass(frozen=True)
class SettingRow:
    """One setting as a row of a table.

    Parameters
    ----------
    name : str
        "stage.field".
    value : str
        Its text, as typed on a command line.
    options : tuple of str
        The values it may take; empty for free numbers and texts.
    limits : str
        The range of a number.
    """

    name: str
    value: str
    unit: str = ""
    meaning: str = ""
    options: tuple[str, ...] = ()
    limits: str = ""

    @property
    def stage(self) -> str:
        """The stage that it belongs to."""
        return self.name.partition(".")[0]

    @property
    def shown_value(self) -> str:
        """Its value as a person reads it."""
        return _(choice_name(self.name, self.value))

    @property
    def range(self) -> str:
        """What it may be: names of choices, or limits."""
        return "; ".join(_(choice_name(self.name, option)) for option in self.options) or self.limits

    def typed(self, text: str) -> str:
        """Return the value that a text means: a choice may be given by its name or as it is typed."""
        names = {_(choice_name(self.name, option)).casefold(): option for option in self.options}
        return names.get(text.strip().casefold(), text)


def setting_rows(settings: Settings, without: tuple[str, ...] = ()) -> list[SettingRow]:
    """Return every setting, in the order of the stages, except those named in `without`."""
    rows = []
    for stage in dataclasses.fields(settings):
        values = getattr(settings, stage.name)
        for item in dataclasses.fields(values):
            name = f"{stage.name}.{item.name}"
            if name in without:
                continue
            about = item.metadata
            rows.append(
                SettingRow(
                    name,
                    value_text(getattr(values, item.name)),
                    about.get("unit", ""),
                    about.get("help", ""),
                    about.get("options", ()),
                    _limits(about),
                )
            )
    return rows


def _limits(about: Any) -> str:
    return f"{about['low']:g} to {about['high']:g}" if "low" in about else ""


def value_text(value: Any) -> str:
    """Return a value as it is typed.

    Examples
    --------
    >>> value_text(None), value_text((1, 2)), value_text({"vp": (0.0, 0.1)}), value_text(True)
    ('none', '1,2', 'vp=0:0.1', 'true')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value_text(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={low:g}:{high:g}" for name, (low, high) in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def with_changes(changes: dict[str, str]) -> Settings:
    """Return the defaults with changes, "stage.field" -> text, applied.

    Raises
    ------
    SettingsError
        When a change does not fit its setting.
    """
    settings = Settings()
    for name, text in changes.items():
        settings = with_text(settings, name, text)
    return settings


def with_text(settings: Settings, name: str, text: str) -> Settings:
    """Return settings with one of them set from its text, "NAME=low:high,..." for bounds."""
    if name != "kinetics.bounds":
        return settings.with_value(name, text)
    settings = settings.with_value(name, {})
    for entry in filter(None, (part.strip() for part in text.split(","))):
        parameter, _equals, limits = entry.partition("=")
        settings = settings.with_value(f"{name}.{parameter}", limits)
    return settings


def changes_of(settings: Settings) -> dict[str, str]:
    """Return what differs from the defaults, "stage.field" -> text."""
    defaults = {row.name: row.value for row in setting_rows(Settings())}
    return {row.name: row.value for row in setting_rows(settings) if row.value != defaults[row.name]}


def read_changes(text: str) -> dict[str, str]:
    """Return changes kept as JSON text; those that no longer fit (an older version's) are left out."""
    try:
        kept = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    changes = {}
    for name, value in kept.items() if isinstance(kept, dict) else ():
        try:
            with_changes({name: value})
        except QPerfusionError:
            continue
        changes[name] = str(value)
    return changes


def validation_message(
    stress: Any, rest: Any, stress_companions: dict[str, Any], rest_companions: dict[str, Any]
) -> str:
    """Return why a choice of nodes cannot be run yet, "" when it can.

    Parameters
    ----------
    stress, rest : node, optional
        Series of the two states.
    stress_companions, rest_companions : dict
        What ("AIF", "mask", "pre-bolus") -> node, which need their series.

    Examples
    --------
    >>> validation_message(None, None, {}, {})
    'Choose a stress or a rest series.'
    """
    if stress is None and rest is None:
        return _("Choose a stress or a rest series.")
    if stress is rest:
        return _("Stress and rest are the same series: choose two different ones, or leave one empty.")
    for name, series, companions in ((_("stress"), stress, stress_companions), (_("rest"), rest, rest_companions)):
        for what, node in companions.items():
            if node is not None and series is None:
                text = _("A {name} {what} is chosen without a {name} series: choose the series, or clear the {what}.")
                return text.format(name=name, what=what)
            if node is not None and node is series:
                text = _("The {name} {what} is the {name} series itself: choose another node, or leave it empty.")
                return text.format(name=name, what=what)
    diluted = stress_companions.get("pre-bolus")
    if diluted is not None and diluted is rest_companions.get("pre-bolus"):
        return _("Stress and rest have the same pre-bolus: choose the one of each, or leave one empty.")
    for name, series in ((_("stress"), stress), (_("rest"), rest)):
        if series is not None and series.GetNumberOfDataNodes() < 8:
            text = _("The {name} series has {count} frames; a bolus needs at least 8.")
            return text.format(name=name, count=series.GetNumberOfDataNodes())
    return ""
