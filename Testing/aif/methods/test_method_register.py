"""Methods of the arterial input say everything about themselves in one file, and are found by it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from QPerfusionLogic.aif import methods
from QPerfusionLogic.aif.methods.aif_context import AifContext
from QPerfusionLogic.aif.methods.aif_method import aif_method, aif_methods, automatic_method
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.errors import SettingsError
from QPerfusionLogic.settings.schema import AifSettings, ConversionSettings

AIF = Path(methods.__file__).parents[1]


def test_every_choice_of_the_settings_has_a_method():
    choices = set(AifSettings.__dataclass_fields__["mode"].metadata["options"]) - {"automatic"}
    assert choices | {"curve"} == set(aif_methods())


def test_inputs_of_methods_are_fields_of_an_acquisition():
    fields = set(Acquisition.__dataclass_fields__)
    for method in aif_methods().values():
        assert not method.needs or method.needs in fields
        assert bool(method.needs) == bool(method.input_name) == bool(method.given_as)


def test_no_other_file_of_the_stage_knows_a_method_by_name():
    found = []
    for path in AIF.rglob("*.py"):
        own = {item.name for item in aif_methods().values() if type(item).__module__.endswith(f".{path.stem}")}
        others = set(aif_methods()) - own - {"concentration", "curve"}
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        texts = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        found += [(path.name, node.lineno, node.value) for node in texts if node.value in others]
    assert found == []


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match="dual_sequence"):
        aif_method("no_such_method")


def test_what_methods_share_is_computed_once(make_input, monkeypatch):
    from QPerfusionLogic.aif.methods import aif_context

    calls = []
    original = aif_context.tissue_blood_curve
    monkeypatch.setattr(aif_context, "tissue_blood_curve", lambda state: calls.append(state) or original(state))
    known = make_input(aif_series=True)
    context = AifContext(known.state, AifSettings(), ConversionSettings())
    method, _ = automatic_method(context)
    assert method.name == "dual_sequence"
    method.curve(context)
    aif_method("signal_inversion").curve(context)
    aif_method("population").curve(context)
    assert len(calls) == 1
