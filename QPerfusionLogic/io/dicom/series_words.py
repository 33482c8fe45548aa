"""Words that name the state and the purpose of a series, in the languages of Resources/Words."""

from __future__ import annotations

import functools
import re

from QPerfusionLogic.data.series import State
from QPerfusionLogic.data.wording import folded
from QPerfusionLogic.resources import table_rows

STRESS, DRUG, REST, WITHOUT = "stress", "drug", "rest", "without"
AIF, PRE_BOLUS, LOW_DOSE = "aif", "pre_bolus", "low_dose"
T1_MAP, PROTON_DENSITY, MOTION_CORRECTED, PERFUSION = "t1_map", "proton_density", "motion_corrected", "perfusion"


def plain_words(text: str) -> str:
    """Return text without accents and capitals, with single spaces between letters, digits and stars.

    Examples
    --------
    >>> plain_words("T1*_Estrés")
    't1* estres'
    """
    return re.sub(r"(?:[^\w*]|_)+", " ", folded(text)).strip()


def word_of(meaning: str, words: str) -> str:
    """Return the first word of a meaning among plain words, "" where there is none.

    Examples
    --------
    >>> word_of("pre_bolus", "perf prebolus rest"), word_of("aif", "perf rest")
    ('prebolus', '')
    """
    match = re.search(_pattern(meaning), words)
    return match.group() if match else ""


def state_and_word(words: str) -> tuple[State, str]:
    """Return the state that plain words name, and the word; unknown where they name none or both.

    Examples
    --------
    >>> state_and_word("sans stress")[0], state_and_word("restore t2")[0], state_and_word("rest stress")[0]
    (<State.REST: 'rest'>, <State.UNKNOWN: 'unknown'>, <State.UNKNOWN: 'unknown'>)
    """
    without = re.search(_without_stress(), words)
    left = words.replace(without.group(), " ") if without else words
    stress = word_of(STRESS, left) or word_of(DRUG, left)
    rest = (without.group() if without else "") or word_of(REST, left)
    if bool(stress) == bool(rest):
        return State.UNKNOWN, ""
    return (State.STRESS, stress) if stress else (State.REST, rest)


def state_of_words(words: str) -> State:
    """Return the state that plain words name; unknown where they name none or both."""
    return state_and_word(words)[0]


@functools.cache
def _pattern(meaning: str) -> str:
    rows = [row for row in table_rows("Words", "series_words.csv") if row["meaning"] == meaning]
    return "|".join(f"(?:{_expression(row['match'], row['word'])})" for row in rows)


@functools.cache
def _without_stress() -> str:
    return f"(?:{_pattern(WITHOUT)}) ?(?:{_pattern(STRESS)}|{_pattern(DRUG)})"


def _expression(match: str, word: str) -> str:
    """Return the expression of one row: `anywhere`, at the `start` of a word, a whole `word` or a `pattern`."""
    if match == "pattern":
        return folded(word)
    text = folded(word).replace(" ", " ?")
    before = "" if match == "anywhere" else "(?<![a-z])"
    return f"{before}{text}{'(?![a-z])' if match == 'word' else ''}"
