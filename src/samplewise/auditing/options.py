"""Every option of an audit, once: its type, its default, what it does in a line, and how the command spells it.

`audit` states the same options in its signature, for a reader and an editor, and a test holds the two together. The
command draws its options from here, and the record its settings.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_args

from samplewise.auditing.progress import Progress
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.findings import RemedyKind
from samplewise.data.targets import Task
from samplewise.data.text_columns import ReadAs
from samplewise.labels.facts_or_outcomes import LabelsAre

DATA, MODEL, ANSWER = "The data", "The model and the plan", "The answer"


@dataclass(frozen=True, slots=True)
class Flag:
    """How the command spells an option.

    Args:
        panel: the part of the help it stands in.
        metavar: what stands for its value in the help; None for a choice or a switch.
        kind: the type of what a person writes.
        name: where it is not the option's own; a switch that is on by default is switched off by its flag.
        more: what the help adds to the option's line.
    """

    panel: str
    metavar: str | None = None
    kind: Any = str | None
    name: str = ""
    more: str = ""


def _about(words: str, flag: Flag | None = None, *, former: str = "", recorded: str = "") -> dict[str, Any]:
    """The help of an option and how the command spells it; without a flag it is an option of the library alone.

    `former` is a name it had before, which is still read; `recorded` the key under which the record's plan holds it as
    given.
    """
    return {"help": words, "flag": flag, "former": former, "recorded": recorded}


@dataclass(frozen=True, slots=True, eq=False)
class AuditOptions:
    """What a user may say about their data and their audit, as `audit` documents it.

    Raises:
        InputError: a number of evaluations below one, or options that contradict each other.
    """

    label: str | None = field(
        default=None,
        metadata=_about(
            "The column to be predicted.",
            Flag(DATA, "COL", more="Without it the likely columns are listed and you are asked."),
        ),
    )
    id: str | None = field(
        default=None,
        metadata=_about(
            "The column that names the rows.", Flag(DATA, "COL", more="Without it rows are numbered from 0.")
        ),
    )
    groups: Any = field(
        default=None,
        metadata=_about(
            "Rows that share a value stay together in every split: patient, document, site.", Flag(DATA, "COL")
        ),
    )
    segments: Any = field(
        default=None,
        metadata=_about(
            "The score is compared between the values of these columns: sex, country.",
            Flag(DATA, "COL ...", list[str] | None),
        ),
    )
    time: Any = field(
        default=None, metadata=_about("Order of the rows: no model is trained on the future.", Flag(DATA, "COL"))
    )
    weights: Any = field(
        default=None,
        metadata=_about(
            "How much each row counts in fits, in the held-out error and in tested advice; 0 leaves it out.",
            Flag(DATA, "COL"),
        ),
    )
    drop_columns: Iterable[str] = field(
        default=(), metadata=_about("Columns the model must not see.", Flag(DATA, "COL ...", list[str] | None))
    )
    image: str | None = field(
        default=None, metadata=_about("The column with pictures, or with their paths.", Flag(DATA, "COL"))
    )
    text: str | None = field(default=None, metadata=_about("The column with texts."))
    columns: Mapping[str, ReadAs] | None = field(
        default=None,
        metadata=_about("What columns are, where they are read otherwise: {'zip': 'category', 'price': 'number'}."),
    )
    decimal: str | None = field(
        default=None,
        metadata=_about(
            "The decimal sign of numbers written as text, a point or a comma.",
            Flag(DATA, ". or ,", more="Without it what the table shows."),
        ),
    )
    max_size: str | float | None = field(
        default=None,
        metadata=_about(
            "The largest file that is read, unpacked: 4GB, or a number of bytes.",
            Flag(DATA, "4GB", more="Without it a quarter of the memory of this machine."),
        ),
    )
    task: Task = field(
        default="auto", metadata=_about("Whether the label is a class or a number.", Flag(DATA, kind=Task))
    )
    positive: Any = field(
        default=None,
        metadata=_about("Of two classes, the one whose probability is meant: yes, 1, >50K.", Flag(DATA, "VALUE")),
    )
    labels_are: LabelsAre = field(
        default="auto",
        metadata=_about(
            "Whether labels are facts, which the row itself shows, or outcomes, which it only predicts.",
            Flag(DATA, kind=LabelsAre, more="Pictures and texts are facts, tables outcomes."),
        ),
    )
    test: Any = field(
        default=None,
        metadata=_about("Rows nothing was trained on, with the same columns.", Flag(DATA, "PATH", Path | None)),
    )
    n_test_evaluations: int = field(
        default=1,
        metadata=_about(
            "How often any model was scored on the test rows, this audit included.",
            Flag(DATA, "COUNT", int),
            former="test_looks",
            recorded="n_test_evaluations",
        ),
    )
    learner: Any = field(
        default=None,
        metadata=_about(
            "kernel, linear, boosting, logistic or forest. Without it the shape of the data decides.",
            Flag(MODEL, "NAME"),
        ),
    )
    embeddings: Any = field(
        default=None,
        metadata=_about(
            "Features of your own network.",
            Flag(MODEL, "MODULE:FUNCTION", name="--embed", more="A function: called with X, returns (n, d) numbers."),
        ),
    )
    probabilities: Any = field(
        default=None,
        metadata=_about(
            "Out-of-sample probabilities you have, a column per class.",
            Flag(MODEL, "PATH", Path | None, more="A .npy, .npz, .csv or .parquet file."),
            former="predictions",
        ),
    )
    metric: str | None = field(
        default=None,
        metadata=_about(
            "The score that remedies are judged by: accuracy, balanced_accuracy, auc, mae, r2.",
            Flag(MODEL, "NAME", more="Default: mae, or accuracy; auc where one of two classes holds 80 % of the rows."),
        ),
    )
    checks: str | list[str] = field(
        default="default",
        metadata=_about("default (all), fast (without many fits), or codes: SW101,SW2.", Flag(MODEL, "LIST", str)),
    )
    budget: str | float | None = field(
        default=None, metadata=_about("Time the fits may take: 60s, 5min, 1h.", Flag(MODEL, "60s"))
    )
    seed: int = field(
        default=0, metadata=_about("Same seed, same data, same answer.", Flag(MODEL, kind=int), recorded="seed")
    )
    accepted: Any = field(
        default=None,
        metadata=_about(
            "Findings you have accepted.",
            Flag(ANSWER, "FILE", Path | None, more="One a line: a code (SW104), or a code and a row (SW201,17)."),
        ),
    )
    reviewed: Any = field(
        default=None,
        metadata=_about(
            "Answers of people about labels that are facts.",
            Flag(
                ANSWER, "FILE", Path | None, more="findings/SW201.csv with decisions filled in, or the RUN of a review."
            ),
        ),
    )
    prices: Mapping[str, float] | None = field(default=None, metadata=_about("Price per row by kind of remedy."))
    run_dir: str | Path | None = field(
        default=None,
        metadata=_about(
            "Folder for report, record and lists of rows.",
            Flag(ANSWER, "DIR", Path | None, "--out", "Default: NAME-audit, here."),
        ),
    )
    replace: bool = field(
        default=False,
        metadata=_about(
            "Whether this audit may take the place of another one in its folder.",
            Flag(ANSWER, kind=bool, name="--replace", more="That one stays until this one is complete."),
        ),
    )
    show_values: bool = field(
        default=True,
        metadata=_about(
            "Without values no file holds cells or pictures of rows: only ids, numbers, names.",
            Flag(ANSWER, kind=bool, name="--no-values"),
        ),
    )
    executor: Executor | None = field(default=None, metadata=_about("How fits are carried out."))
    progress: Progress | None = field(
        default=None, metadata=_about("Called with every `Event`; without it a line in a notebook or terminal.")
    )

    def __post_init__(self) -> None:
        """Refuse options that contradict each other, and prices of what costs nothing or is no remedy."""
        require_prices(self.prices)
        for name, other, why in self._contradictions():
            raise InputError(
                "two options contradict each other", where=f"{name} and {other}",
                got=f"{name}={getattr(self, name)!r}, {other}={getattr(self, other)!r}: {why}"[:160],
                fix=f"leave {name}= or {other}= out",
            )  # fmt: skip
        if self.replace and self.run_dir is None:
            raise InputError(
                "there is no folder in which this audit could take the place of another", where="replace",
                got="replace=True and no run_dir", fix="name the folder: run_dir=",
            )  # fmt: skip
        count = self.n_test_evaluations
        if count < 1 or (count > 1 and self.test is None):
            raise InputError(
                "evaluations on the test set are counted from one, and need test rows", where="n_test_evaluations",
                got=f"n_test_evaluations={count}, {'no test set' if self.test is None else 'a test set'}",
                fix="pass the rows that were evaluated on as test=, and how often any model was scored on them",
            )  # fmt: skip

    def _contradictions(self) -> Iterator[tuple[str, str, str]]:
        """Pairs of options that cannot both be meant, and why."""
        if self.task == "regression" and self.positive is not None:
            yield "task", "positive", "numbers have no classes"
        if self.labels_are == "outcomes" and self.reviewed is not None:
            yield "labels_are", "reviewed", "answers of people settle labels that are facts"

    @classmethod
    def of_call(cls, given: Mapping[str, Any]) -> Self:
        """The options among the arguments of a call, by their names of today or before."""
        current = with_current_names(given)
        return cls(**{option.name: current[option.name] for option in fields(cls)})

    def recorded(self) -> dict[str, Any]:
        """What the record's plan holds just as it was given; the rest stands there as what was made of it."""
        return {key: getattr(self, option.name) for option in fields(self) if (key := str(option.metadata["recorded"]))}


def require_prices(prices: Mapping[str, float] | None) -> None:
    """Refuse a price of anything but a kind of remedy, or one below 0: it would be passed over."""
    for kind, price in (prices or {}).items():
        if kind not in get_args(RemedyKind):
            error = unknown_name("kind of remedy", kind, get_args(RemedyKind))
            error.where = "prices"
            raise error
        if price < 0:
            raise InputError(
                "a price must be at least 0", where="prices", got=f"prices={{{kind!r}: {price}}}",
                fix="pass what one row costs, in any currency",
            )  # fmt: skip


OPTIONS: dict[str, Field[Any]] = {option.name: option for option in fields(AuditOptions)}
FORMER = {option.metadata["former"]: name for name, option in OPTIONS.items() if option.metadata["former"]}


def with_current_names(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with every former name of an option replaced by today's.

    Raises:
        InputError: the same option under both names.
    """
    current = {name: value for name, value in given.items() if name not in FORMER}
    for former, name in FORMER.items():
        if given.get(former) is None:
            continue
        if current[name] is not OPTIONS[name].default:
            raise InputError(
                f"{name} was called {former} before, and both are given", where=former, got=f"{name}= and {former}=",
                fix=f"leave {former}= out",
            )  # fmt: skip
        current[name] = given[former]
    return current
