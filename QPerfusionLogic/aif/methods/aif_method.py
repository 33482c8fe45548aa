"""What a method of the arterial input says about itself, and the register of all methods.

A new method is one file in this folder with a subclass of `AifMethod`; it is found by its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar, Literal

from QPerfusionLogic.aif.correction.method_curve import MethodCurve
from QPerfusionLogic.data.notices import Notice
from QPerfusionLogic.data.study import Acquisition
from QPerfusionLogic.errors import QPerfusionError, SettingsError

from .aif_context import AifContext

_CLASSES: dict[str, type[AifMethod]] = {}


class AifMethod(ABC):
    """A way to the arterial input of one state.

    Attributes
    ----------
    name : str
        As `aif.mode` has it, and as results keep it.
    rank : int
        Place in the order in which `automatic` looks at methods and comparisons list them.
    needs : str
        Field of `Acquisition` that it reads, "" where the tissue series is enough.
    input_name : str
        That field in words.
    given_as : tuple of str
        Field of a request by which a user gives that input, without the state.
    reference : str
        Publication that the method follows.
    """

    name: ClassVar[str] = ""
    rank: ClassVar[int] = 99
    needs: ClassVar[str] = ""
    input_name: ClassVar[str] = ""
    given_as: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str] = ""
    inverts_signal: ClassVar[bool] = True
    """Gadolinium comes from signal, once a beat; False for gadolinium that was given or assumed."""
    reads_gadolinium: ClassVar[bool] = False
    """What it reads is gadolinium, not signal."""
    measures_apart: ClassVar[bool] = False
    """Another series than that of the tissue saw the blood."""
    clock: ClassVar[Literal["shared", "moved", "kept"]] = "shared"
    """Whether its times are those of the tissue series; where they disagree, it is moved onto them or left."""
    gives_way: ClassVar[bool] = False
    """The signal inversion takes its place where `automatic` chose it and its input cannot be used."""
    uses_network: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            _CLASSES[cls.name] = cls

    @property
    def has_own_input(self) -> bool:
        """True where the blood was not read from the tissue series."""
        return bool(self.needs)

    @abstractmethod
    def curve(self, context: AifContext) -> MethodCurve:
        """Return the arterial input of a state.

        Raises
        ------
        QPerfusionError
            When the data do not allow it.
        """

    @abstractmethod
    def reason(self, context: AifContext) -> str:
        """Return why `automatic` takes this method for a state, "" where it does not."""

    def is_held(self, acquisition: Acquisition) -> bool:
        """Return whether a state has the input of its own that this method reads; False where it reads none."""
        return bool(self.needs) and getattr(acquisition, self.needs) is not None

    def is_listed(self, context: AifContext) -> bool:
        """Return whether a comparison of methods lists it for a state."""
        return context.holds_signal

    def may_give_way(self, context: AifContext, error: QPerfusionError) -> bool:
        """Return whether the signal inversion may take its place after an error."""
        return self.gives_way

    def replaced(self, error: QPerfusionError) -> Notice:
        """Return the notice that the signal inversion took its place."""
        return Notice.of(
            code="aif-series-unusable",
            message=f"the series for a {self.name.replace('_', '-')} arterial input cannot be used ({error}); the "
            "saturated tissue series was inverted instead",
            action="check that series, or give the arterial input as a CSV curve",
        )


@cache
def aif_methods() -> dict[str, AifMethod]:
    """Return all methods by name, in the order of their ranks."""
    package = __package__ or ""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return {item.name: item() for item in sorted(_CLASSES.values(), key=lambda item: item.rank)}


def automatic_method(context: AifContext) -> tuple[AifMethod, Notice]:
    """Return the method that `automatic` takes for a state, and a note on why.

    Methods are asked in the order of their ranks: a curve given by the user, the AIF series, a pre-bolus, images that
    already hold gadolinium, and last the saturated tissue series: restored by the networks where it has no
    proton-density frames, for there the inversion has no scale, else inverted. On digital patients
    `qperfusion evaluate aif` measures both.
    """
    for method in aif_methods().values():
        why = method.reason(context)
        if why:
            message = f"aif.mode automatic took {method.name}: {why}"
            return method, Notice.of(code="aif-mode-chosen", message=message)
    raise SettingsError("no AIF method for this state", action="choose an aif.mode")


def aif_method(name: str) -> AifMethod:
    """Return a method by its name.

    Raises
    ------
    SettingsError
        When there is none of that name.
    """
    found = aif_methods().get(name)
    if found is None:
        raise SettingsError(
            f"aif.mode = {name!r}, which is not available here",
            expected=f"one of {', '.join(aif_methods())}",
            action="choose another aif.mode",
        )
    return found
