"""Tables that break programs: what `audit` is given, and whether it must answer or refuse, and in which words.

Each entry is (what makes the arguments, ANSWERED), or (the same, words that the refusal must hold).
"""

import datetime as dt
import decimal
import fractions
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

ANSWERED = ""
COUNT = 40


def numbers(width: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(COUNT, width))


def classes() -> np.ndarray:
    return (numbers()[:, 0] + 0.3 * np.random.default_rng(1).normal(size=COUNT) > 0).astype(int)


def amounts() -> np.ndarray:
    return 2.0 * numbers()[:, 0] + 0.1 * np.random.default_rng(2).normal(size=COUNT)


def frame(**more: Any) -> pd.DataFrame:
    return pd.DataFrame(numbers(), columns=list("abc")).assign(**more)


def cell(value: Any, dtype: Any = np.float64) -> np.ndarray:
    X = numbers().astype(dtype)
    X[3, 1] = value
    return X


def label(value: Any) -> np.ndarray:
    y = amounts()
    y[3] = value
    return y


def objects(*values: Any, count: int = COUNT) -> list[Any]:
    return [values[row % len(values)] for row in range(count)]


def nested() -> pd.Series:
    return pd.Series([[1, 2], [3]] * (COUNT // 2))


def kept(X: Any, y: Any = None, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (X,) if y is None else (X, y), named


def days(step: str = "D") -> pd.DatetimeIndex:
    return pd.date_range("2020-01-01", periods=COUNT, freq=step)


Case = tuple[Callable[[], tuple[tuple[Any, ...], dict[str, Any]]], str]
TABLES: dict[str, Case] = {
    # ---- numbers
    "label 1e30": (lambda: kept(numbers(), label(1e30)), "cannot be told apart"),
    "label 1e10": (lambda: kept(numbers(), label(1e10)), ANSWERED),
    "label 1e300": (lambda: kept(numbers(), label(1e300)), "too large"),
    "label infinite": (lambda: kept(numbers(), label(np.inf)), "infinite"),
    "label minus infinite": (lambda: kept(numbers(), label(-np.inf)), "infinite"),
    "labels times 1e-310": (lambda: kept(numbers(), amounts() * 1e-310), "too small"),
    "labels times 1e-30": (lambda: kept(numbers(), amounts() * 1e-30), ANSWERED),
    "labels times 1e30": (lambda: kept(numbers(), amounts() * 1e30), ANSWERED),
    "labels plus 1e15": (lambda: kept(numbers(), amounts() + 1e15), "double precision"),
    "labels plus 1e20": (lambda: kept(numbers(), amounts() + 1e20), "same label"),
    "cell 1e155": (lambda: kept(cell(1e155), classes()), "column 'x1'"),
    "cell 1e308": (lambda: kept(cell(1e308), classes()), "too large"),
    "cell 1e30": (lambda: kept(cell(1e30), classes()), ANSWERED),
    "cell minus 1e200": (lambda: kept(cell(-1e200), amounts()), "rows id 3"),
    "cell infinite": (lambda: kept(cell(np.inf), classes()), "infinite"),
    "cell infinite in a frame": (lambda: kept(frame(d=label(-np.inf)), classes()), "infinite"),
    "cell infinite in text": (lambda: kept(frame(d=["inf", *map(str, amounts()[1:])]), classes()), ANSWERED),
    "cell 1e400 in text": (lambda: kept(frame(d=["1e400", *map(str, amounts()[1:])]), classes()), "column 'd'"),
    "cell 1e200 in text": (lambda: kept(frame(d=["1e200", *map(str, amounts()[1:])]), classes()), "column 'd'"),
    "cell 1e155 in a frame": (lambda: kept(frame(d=label(1e155)), classes()), "column 'd'"),
    "cell 1e155 sparse": (lambda: kept(scipy.sparse.csr_matrix(cell(1e155)), classes()), "column 'x1'"),
    "cell infinite sparse": (lambda: kept(scipy.sparse.csr_matrix(cell(np.inf)), classes()), "infinite"),
    "column times 1e-310": (lambda: kept(numbers() * [1, 1, 1e-310], classes()), "column 'x2'"),
    "all cells times 1e-310": (lambda: kept(numbers() * 1e-310, classes()), "too small"),
    "column times 1e90": (lambda: kept(numbers() * [1, 1, 1e90], classes()), "too large"),
    "column plus 1e16": (lambda: kept(numbers() + np.array([0, 0, 1e16]), classes()), ANSWERED),
    "all cells missing": (lambda: kept(numbers() * np.nan, classes()), ANSWERED),
    "all cells equal": (lambda: kept(np.ones((COUNT, 3)), classes()), ANSWERED),
    "all cells zero": (lambda: kept(np.zeros((COUNT, 3)), classes()), ANSWERED),
    "one cell not missing": (lambda: kept(np.where(numbers() == numbers()[0, 0], 1.0, np.nan), classes()), ANSWERED),
    "sparse without an entry": (lambda: kept(scipy.sparse.csr_matrix((COUNT, 3)), classes()), ANSWERED),
    "negative zero": (lambda: kept(numbers() * 0.0 * [1, -1, 1], classes()), ANSWERED),
    # ---- types
    "uint64 above 2 ** 63": (
        lambda: kept(
            np.arange(COUNT * 3, dtype=np.uint64).reshape(COUNT, 3) * np.uint64(10**5) + np.uint64(2**63), classes()
        ),
        ANSWERED,
    ),
    "uint64 labels above 2 ** 63": (lambda: kept(numbers(), classes().astype(np.uint64) + np.uint64(2**63)), ANSWERED),
    "uint64 numbers above 2 ** 63": (
        lambda: kept(numbers(), (np.arange(COUNT) * 10**17).astype(np.uint64) + np.uint64(2**63)),
        ANSWERED,
    ),
    "integers of 30 digits": (
        lambda: kept(frame(d=pd.Series([10**30 + row for row in range(COUNT)], dtype=object)), classes()),
        ANSWERED,
    ),
    "integers of 400 digits": (
        lambda: kept(frame(d=pd.Series([10**400 + row for row in range(COUNT)], dtype=object)), classes()),
        "column 'd'",
    ),
    "labels of 30 digits": (lambda: kept(numbers(), objects(10**30, 10**30 + 1)), ANSWERED),
    "labels of 400 digits": (lambda: kept(numbers(), objects(10**400, 1)), ANSWERED),
    "int8 at its ends": (lambda: kept(np.where(numbers() > 0, 127, -128).astype(np.int8), classes()), ANSWERED),
    "int64 at its ends": (lambda: kept(np.where(numbers() > 0, 2**63 - 1, -(2**63)), classes()), ANSWERED),
    "float16": (lambda: kept(numbers().astype(np.float16), classes()), ANSWERED),
    "float16 at its end": (lambda: kept(cell(65504, np.float16), classes()), ANSWERED),
    "float16 labels": (lambda: kept(numbers(), amounts().astype(np.float16)), ANSWERED),
    "float32 at its end": (lambda: kept(cell(3e38, np.float32), classes()), "too large"),
    "longdouble": (lambda: kept(numbers().astype(np.longdouble), amounts().astype(np.longdouble)), ANSWERED),
    "longdouble 1e400": (lambda: kept(cell(np.longdouble("1e400"), np.longdouble), classes()), "infinite"),
    "complex": (lambda: kept(numbers() + 1j, classes()), "complex"),
    "complex column": (lambda: kept(frame(d=amounts() + 1j), classes()), "column 'd'"),
    "complex labels": (lambda: kept(numbers(), amounts() + 1j), "complex"),
    "Decimal": (
        lambda: kept(
            frame(d=[decimal.Decimal(f"{v:.3f}") for v in amounts()]), [decimal.Decimal(f"{v:.3f}") for v in amounts()]
        ),
        ANSWERED,
    ),
    "Decimal not a number": (
        lambda: kept(
            frame(d=[decimal.Decimal("NaN"), *(decimal.Decimal(f"{v:.3f}") for v in amounts()[1:])]), classes()
        ),
        ANSWERED,
    ),
    "Decimal signaling": (
        lambda: kept(
            frame(d=[decimal.Decimal("sNaN"), *(decimal.Decimal(f"{v:.3f}") for v in amounts()[1:])]), classes()
        ),
        ANSWERED,
    ),
    "Decimal infinite": (
        lambda: kept(
            frame(d=[decimal.Decimal("Infinity"), *(decimal.Decimal(f"{v:.3f}") for v in amounts()[1:])]), classes()
        ),
        "infinite",
    ),
    "Decimal labels not a number": (
        lambda: kept(numbers(), [decimal.Decimal("NaN"), *(decimal.Decimal(f"{v:.3f}") for v in amounts()[1:])]),
        ANSWERED,
    ),
    "Decimal labels infinite": (
        lambda: kept(numbers(), [decimal.Decimal("Infinity"), *(decimal.Decimal(f"{v:.3f}") for v in amounts()[1:])]),
        "infinite",
    ),
    "Fraction": (
        lambda: kept(
            frame(d=[fractions.Fraction(row, 7) for row in range(COUNT)]),
            [fractions.Fraction(row * row % 23, 7) for row in range(COUNT)],
        ),
        ANSWERED,
    ),
    "datetime labels": (lambda: kept(numbers(), days().to_numpy()), "dates or durations"),
    "datetime cells": (lambda: kept(frame(d=days()), classes()), ANSWERED),
    "datetime matrix": (lambda: kept(np.tile(days().to_numpy()[:, None], (1, 2)), classes()), ANSWERED),
    "timedelta cells": (lambda: kept(frame(d=days() - days()[3]), classes()), ANSWERED),
    "timedelta labels": (lambda: kept(numbers(), (days() - days()[3]).to_numpy()), "dates or durations"),
    "dates of Python": (
        lambda: kept(frame(d=[dt.date(2020, 1, 1 + row % 28) for row in range(COUNT)]), classes()),
        ANSWERED,
    ),
    "times of Python": (lambda: kept(frame(d=[dt.time(row % 24) for row in range(COUNT)]), classes()), ANSWERED),
    "date labels of Python": (
        lambda: kept(numbers(), [dt.date(2020, 1, 1 + row % 28) for row in range(COUNT)]),
        "dates or durations",
    ),
    "periods": (lambda: kept(frame(d=pd.period_range("2020", periods=COUNT, freq="M")), classes()), ANSWERED),
    "intervals": (lambda: kept(frame(d=pd.cut(amounts(), 4)), classes()), ANSWERED),
    "interval labels": (lambda: kept(numbers(), pd.cut(amounts(), 3)), ANSWERED),
    "categorical of numbers": (lambda: kept(frame(d=pd.Categorical(classes())), pd.Categorical(classes())), ANSWERED),
    "categorical with unused classes": (
        lambda: kept(numbers(), pd.Series(pd.Categorical(objects("a", "b"), categories=list("abcdef")))),
        ANSWERED,
    ),
    "nullable numbers": (
        lambda: kept(
            frame(d=pd.array([None, *range(COUNT - 1)], dtype="Int64")),
            pd.Series(pd.array(objects(0, 1, None), dtype="Int64")),
        ),
        ANSWERED,
    ),
    "nullable truths": (
        lambda: kept(
            frame(d=pd.array(objects(True, False, None), dtype="boolean")),
            pd.array(objects(True, False, None), dtype="boolean"),
        ),
        ANSWERED,
    ),
    "string type of pandas": (
        lambda: kept(
            frame(d=pd.array(objects("x", "y", None), dtype="string")), pd.Series(objects("a", "b"), dtype="string")
        ),
        ANSWERED,
    ),
    "sparse column": (
        lambda: kept(frame(d=pd.arrays.SparseArray(np.where(amounts() > 1, 1.0, 0.0))), classes()),
        ANSWERED,
    ),
    "bytes cells": (lambda: kept(frame(d=objects(b"x", b"\xff")), classes()), "not UTF-8"),
    "bytes labels": (lambda: kept(numbers(), objects(b"x", b"\xff")), "not UTF-8"),
    "bytes matrix": (lambda: kept(np.array([[b"x", b"\xff"], [b"y", b"z"]] * (COUNT // 2)), classes()), "not UTF-8"),
    "structured array": (lambda: kept(np.zeros(COUNT, dtype=[("a", float), ("b", int)]), classes()), "named fields"),
    "structured labels": (lambda: kept(numbers(), np.zeros(COUNT, dtype=[("a", float), ("b", int)])), "records"),
    "void matrix": (lambda: kept(np.zeros((COUNT, 2), dtype="V4"), classes()), "raw memory"),
    "masked array": (lambda: kept(np.ma.masked_greater(numbers(), 1.0), classes()), ANSWERED),
    "masked labels": (lambda: kept(numbers(), np.ma.masked_greater(amounts(), 1.0)), ANSWERED),
    "np.matrix": (lambda: kept(np.asmatrix(numbers()), np.asmatrix(classes()).T), ANSWERED),
    # ---- shapes
    "no rows": (lambda: kept(np.empty((0, 3)), []), "rows"),
    "one row": (lambda: kept(numbers()[:1], [1]), "few"),
    "two rows": (lambda: kept(numbers()[:2], [0, 1]), "rows"),
    "two rows of numbers": (lambda: kept(numbers()[:2], amounts()[:2]), "two rows"),
    "three rows of numbers": (lambda: kept(numbers()[:3], amounts()[:3]), ANSWERED),
    "four rows": (lambda: kept(numbers()[:4], [0, 1, 0, 1]), ANSWERED),
    "four rows times 10 that contradict": (
        lambda: kept(np.repeat(numbers()[:4], 10, axis=0), np.arange(COUNT) % 2),
        ANSWERED,
    ),
    "one row times 40 that contradicts": (
        lambda: kept(np.repeat(numbers()[:1], COUNT, axis=0), np.arange(COUNT) % 2),
        ANSWERED,
    ),
    "no columns": (lambda: kept(np.empty((COUNT, 0)), classes()), "columns"),
    "a frame without columns": (lambda: kept(pd.DataFrame(index=range(COUNT)), classes()), "columns"),
    "one column": (lambda: kept(numbers(1), classes()), ANSWERED),
    "one column that is the label": (lambda: kept(classes()[:, None], classes()), ANSWERED),
    "one axis": (lambda: kept(amounts(), classes()), "axis"),
    "five axes": (lambda: kept(np.zeros((COUNT, 2, 2, 2, 2)), classes()), "axes"),
    "no axis": (lambda: kept(np.array(3.0), classes()), "axes"),
    "1,000 columns of 20 rows": (
        lambda: kept(np.random.default_rng(0).normal(size=(20, 1_000)), np.arange(20) % 2),
        ANSWERED,
    ),
    "pictures of one pixel": (lambda: kept(np.zeros((COUNT, 1, 1), dtype=np.uint8), classes()), ANSWERED),
    "pictures of no pixel": (lambda: kept(np.zeros((COUNT, 0, 4), dtype=np.uint8), classes()), "images"),
    "pictures that are missing": (lambda: kept(np.full((COUNT, 4, 4), np.nan), classes()), "pixels"),
    "rows of different lengths": (lambda: kept([[1.0, 2.0], [3.0]] * (COUNT // 2), classes()), "lengths"),
    # ---- labels
    "one class": (lambda: kept(numbers(), np.zeros(COUNT)), "same label"),
    "as many classes as rows": (lambda: kept(numbers(), [f"k{row}" for row in range(COUNT)]), "classes"),
    "two classes, one of a single row": (lambda: kept(numbers(), ["a"] + ["b"] * (COUNT - 1)), "two rows"),
    "labels all missing": (lambda: kept(numbers(), [None] * COUNT), "missing"),
    "labels None and NaN mixed": (lambda: kept(numbers(), objects("a", None, "b", np.nan, pd.NA, pd.NaT)), ANSWERED),
    "labels of mixed types": (lambda: kept(numbers(), objects(1, "1", 1.0, True, "b", "b")), ANSWERED),
    "labels that hold lists": (lambda: kept(numbers(), nested()), "several labels"),
    "labels of dicts": (lambda: kept(numbers(), objects({"a": 1}, {"b": 2})), "no single value"),
    "labels of objects": (lambda: kept(numbers(), objects(object(), object())), "no single value"),
    "labels of empty text": (lambda: kept(numbers(), objects("", "a")), ANSWERED),
    "labels of blanks": (lambda: kept(numbers(), objects(" ", "  ", "a")), ANSWERED),
    "labels of tuples": (lambda: kept(numbers(), objects((1, 2), (3, 4))), "one axis"),
    "labels of huge text": (lambda: kept(numbers(), objects("a" * 10**5, "b" * 10**5)), ANSWERED),
    "labels of surrogates": (lambda: kept(numbers(), objects("\ud800", "\udfff")), "not Unicode"),
    "labels of NUL": (lambda: kept(numbers(), objects("a\0", "a\0b")), ANSWERED),
    "labels that are one-hot": (lambda: kept(numbers(), np.eye(2)[classes()]), "one axis"),
    "labels that are a word": (lambda: kept(numbers(), "sick"), "one label per row"),
    "labels of another length": (lambda: kept(numbers(), classes()[:-1]), "different numbers of rows"),
    # ---- names and cells
    "columns with one name": (lambda: kept(pd.DataFrame(numbers(), columns=["a", "a", "b"]), classes()), "repeat"),
    "empty names": (lambda: kept(pd.DataFrame(numbers(), columns=["", " ", "  "]), classes()), ANSWERED),
    "names that differ in blanks": (
        lambda: kept(pd.DataFrame(numbers(), columns=["a", "a ", " a"]), classes()),
        ANSWERED,
    ),
    "names of mixed types": (lambda: kept(pd.DataFrame(numbers(), columns=[1, "1", None]), classes()), "repeat"),
    "names missing": (lambda: kept(pd.DataFrame(numbers(), columns=[np.nan, None, "a"]), classes()), "repeat"),
    "names of two levels": (
        lambda: kept(
            pd.DataFrame(numbers(), columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])), classes()
        ),
        ANSWERED,
    ),
    "names of surrogates": (
        lambda: kept(pd.DataFrame(numbers(), columns=pd.Index(["\ud800", "\0", "\x1b[31m"], dtype=object)), classes()),
        "not Unicode",
    ),
    "index with duplicates": (lambda: kept(frame().set_axis(np.arange(COUNT) // 2, axis=0), classes()), "index"),
    "index with missing entries": (
        lambda: kept(frame().set_axis([None, *range(1, COUNT)], axis=0), classes()),
        "index",
    ),
    "index of mixed types": (
        lambda: kept(frame().set_axis([1, "1", *range(2, COUNT)], axis=0), classes()),
        "ids repeat",
    ),
    "cells that hold lists": (lambda: kept(frame(d=nested()), classes()), ANSWERED),
    "cells that hold arrays": (lambda: kept(frame(d=[np.arange(3)] * COUNT), classes()), ANSWERED),
    "cells that hold dicts": (lambda: kept(frame(d=objects({"a": 1}, {"a": 2})), classes()), ANSWERED),
    "cells that hold objects": (lambda: kept(frame(d=objects(object(), object())), classes()), ANSWERED),
    "cells that hold frames": (lambda: kept(frame(d=objects(pd.DataFrame({"a": [1]}))), classes()), ANSWERED),
    "cells of mixed types": (lambda: kept(frame(d=objects(1, "a", None, 2.5, True, b"x")), classes()), ANSWERED),
    "cells of sets": (lambda: kept(frame(d=objects({1}, {2})), classes()), ANSWERED),
    "matrix of objects": (lambda: kept(np.array([[object(), 1.0]] * COUNT, dtype=object), classes()), ANSWERED),
    "matrix of lists": (lambda: kept(np.frompyfunc(lambda v: [v], 1, 1)(numbers()), classes()), ANSWERED),
    "text without words": (lambda: kept(objects("...", "???", "!!!", "- -"), classes()), ANSWERED),
    "text of one letter": (lambda: kept(objects("a", "b"), classes()), ANSWERED),
    "text of stop words": (
        lambda: kept([f"the of and {'to ' * (row % 5)} in" for row in range(COUNT)], classes()),
        ANSWERED,
    ),
    "texts of which no two share a word": (
        lambda: kept(pd.DataFrame({"s": [f"u{row}" for row in range(60)]}), np.arange(60) % 2),
        ANSWERED,
    ),
    "different texts without words": (
        lambda: kept([chr(0x21 + row % 15) * (1 + row // 15) for row in range(60)], np.arange(60) % 2),
        ANSWERED,
    ),
    "texts of which no two share a sign": (
        lambda: kept([chr(0x4E00 + row) for row in range(60)], np.arange(60) % 2),
        ANSWERED,
    ),
    "empty text": (lambda: kept([""] * COUNT, classes()), ANSWERED),
    "text of blanks": (lambda: kept(objects("  ", "\t", "\n"), classes()), ANSWERED),
    "text missing": (
        lambda: kept([None, *(f"word{row} again and again" for row in range(1, COUNT))], classes()),
        ANSWERED,
    ),
    "text of 2,500 letters": (lambda: kept([f"{row} " + "word " * 500 for row in range(COUNT)], classes()), ANSWERED),
    "text of surrogates": (
        lambda: kept([f"\ud800 word{row % 7} is here" for row in range(COUNT)], classes()),
        "not Unicode",
    ),
    "text in other letters": (
        lambda: kept([f"слово{row % 5} 漢字 \U0001f600 עברית" for row in range(COUNT)], classes()),
        ANSWERED,
    ),
    # ---- roles
    "weights infinite": (lambda: kept(numbers(), classes(), weights=label(np.inf)), "weights"),
    "weights 1e300": (lambda: kept(numbers(), classes(), weights=np.abs(label(1e300))), "too large"),
    "weights 1e-310": (lambda: kept(numbers(), classes(), weights=np.abs(amounts()) * 1e-310), "too small"),
    "weights all zero": (lambda: kept(numbers(), classes(), weights=np.zeros(COUNT)), "few rows"),
    "weights of one row": (lambda: kept(numbers(), classes(), weights=np.eye(COUNT)[0]), "few rows"),
    "time 1e300": (lambda: kept(numbers(), classes(), time=label(1e300)), ANSWERED),
    "time infinite": (lambda: kept(numbers(), classes(), time=label(np.inf)), "infinite"),
    "one group": (lambda: kept(numbers(), classes(), groups=np.zeros(COUNT)), ANSWERED),
    "two groups": (lambda: kept(numbers(), classes(), groups=np.arange(COUNT) % 2), ANSWERED),
    "groups that hold lists": (lambda: kept(numbers(), classes(), groups=nested()), "no single value"),
    "segments that hold lists": (lambda: kept(numbers(), classes(), segments=nested()), "no single value"),
    "one time": (lambda: kept(numbers(), classes(), time=np.zeros(COUNT)), ANSWERED),
    "test of one row": (lambda: kept(numbers(), classes(), test=(numbers()[:1], [0])), ANSWERED),
    "test of other columns": (lambda: kept(numbers(), classes(), test=(numbers()[:, :2], classes())), "columns"),
    "test with a cell of 1e155": (lambda: kept(numbers(), classes(), test=(cell(1e155), classes())), "too large"),
    "test with a label of 1e30": (lambda: kept(numbers(), amounts(), test=(numbers(), label(1e30))), ANSWERED),
    "embeddings 1e155": (lambda: kept(numbers(), classes(), embeddings=cell(1e155)), "embeddings"),
}
