"""What people answered about labels, in the forms they write it, as `Answer`s by row."""

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Ints, positions_of
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.labels.facts import Answer

RIGHT, WRONG = ("keep", "right"), ("drop", "wrong")
FORMS = (*RIGHT, *WRONG, "relabel:NAME")


def read_answers(
    ids: Iterable[Any], answers: Iterable[Any], keys: Array, codes: Ints, classes: Array
) -> dict[int, Answer]:
    """Answers by position.

    Args:
        ids: (k,) rows that were answered, each once.
        answers: (k,) 1 or True where the given label is wrong (none of the classes, or several, count as wrong), 0 or
            False where it is right, or the share of people who call it wrong; or the words of a list of findings: keep,
            drop, relabel:NAME, the name of a class (which is right where it is the given one).
        keys: (n,) ids of all rows.   codes: (n,) their given classes.   classes: (c,) in order.

    Raises:
        InputError: unknown ids, lengths that differ, two answers for one row, or one that cannot be understood.
    """
    asked, said = list(ids), [answers] if isinstance(answers, str) else list(answers)
    if len(asked) != len(said):
        raise InputError(
            "answers need one per id", where="answers", got=f"{len(asked)} ids, {len(said)} answers",
            fix="pass reviewed(ids, answers) with lists of equal length",
        )  # fmt: skip
    positions = positions_of(asked, keys).tolist()
    names = {str(name): code for code, name in enumerate(classes.tolist())}
    found: dict[int, Answer] = {}
    for position, key, value in zip(positions, asked, said, strict=True):
        try:
            answer = _answer(value, int(codes[position]), names)
        except InputError as error:
            error.where = name_rows([key])
            raise
        if found.setdefault(position, answer) != answer:
            raise InputError(
                "a row has two different answers", where=name_rows([key]),
                got=f"{found[position].wrong:g} and {value!r}",
                fix="pass one answer per row; of several people, the share who call the label wrong",
            )  # fmt: skip
    return found


def _answer(value: Any, given: int, names: dict[str, int]) -> Answer:
    """What one person, or several, said of one label."""
    if isinstance(value, str):
        return _of_word(value.strip(), given, names)
    if isinstance(value, bool | np.bool_ | Real) and 0.0 <= float(value) <= 1.0:
        return Answer(float(value))
    raise InputError(
        "an answer is 1 (the label is wrong), 0 (it is right), a share between, or a word", got=repr(value),
        fix=f"words are {', '.join(FORMS)} and the names of classes; a class that is a number is written as text",
    )  # fmt: skip


def _of_word(word: str, given: int, names: dict[str, int]) -> Answer:
    if word in names:  # first: a class may be called "right"
        return _named(names[word], given)
    kind, colon, name = (part.strip() for part in word.partition(":"))
    if kind.lower() == "relabel" and colon and name:
        return _named(names.get(name, -1), given)
    if word.lower() in RIGHT + WRONG:
        return Answer(float(word.lower() in WRONG))
    raise unknown_name("answer", word, (*FORMS, *names))


def _named(code: int, given: int) -> Answer:
    return Answer(0.0) if code == given else Answer(1.0, code)
