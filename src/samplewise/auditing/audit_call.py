"""`samplewise.audit`: one call that says what is wrong with a data set, where, how sure, and what acting on it buys."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.accepted import accepted_findings
from samplewise.auditing.audited_rows import (
    AuditedRows,
    Changed,
    Match,
    changed_rows,
    read_again,
    require_given,
    require_match,
)
from samplewise.auditing.catalog import catalog, choose_checks
from samplewise.auditing.chosen_remedies import choose_remedies
from samplewise.auditing.data_overview import data_overview
from samplewise.auditing.environment import environment
from samplewise.auditing.evidence import gather
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.plan import FOLDS, Plan, make_plan
from samplewise.auditing.prepare_audit import Intake, labels_read, require_files, take_in
from samplewise.auditing.progress import Event, Progress, usual_progress
from samplewise.auditing.replaced_record import REPORT_FILE
from samplewise.auditing.run import Run
from samplewise.auditing.run_folder import read_decisions, write_text
from samplewise.auditing.run_state import RunFolder, require_usable, settings_of
from samplewise.auditing.time_left import TimeLeft, fits_by_phase, measured_slowdown, other_seconds
from samplewise.core.arguments import checked
from samplewise.core.arrays import equal_but_for_rounding, fingerprint
from samplewise.core.errors import InputError, require_kind
from samplewise.core.execution import Executor
from samplewise.core.findings import AuditRecord, Decision, Findings, ScoresByName
from samplewise.core.randomness import hashed_order
from samplewise.core.texts import count_of
from samplewise.core.units import seconds_of
from samplewise.data.dataset import Dataset
from samplewise.data.splits import different_times
from samplewise.data.targets import Target, Task
from samplewise.data.text_columns import ReadAs
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.learner import Learner
from samplewise.engine.models.metrics import Metric, choose_metric, metric_rule
from samplewise.engine.refits import AutoExecutor, FitStore, Prepared, with_embeddings
from samplewise.engine.refits.preparation import FITS, require_settings
from samplewise.engine.refits.processes import available_cores
from samplewise.labels.facts_or_outcomes import LabelsAre
from samplewise.report import (
    AuditComparison,
    compare_audits,
    summary_html,
    summary_text,
    to_html,
    to_json,
    to_junit,
    to_markdown,
)
from samplewise.selection import Applied, apply

PROBED = 150  # rows on which a learner's determinism is probed


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Audit:
    """What an audit found: the record, the data it is about, and the ways to hand it on."""

    record: AuditRecord
    data: Dataset | None  # all rows given, also those set aside; None where an audit was loaded without them
    rows: AuditedRows | None = None  # the same by id and content; None where the run folder does not hold them
    run_dir: Path | None = None  # where the report and the lists of rows are

    @property
    def findings(self) -> Findings:
        """Every finding, worst first: a tuple that prints as a table."""
        return Findings(self.record.findings())

    @property
    def scores(self) -> ScoresByName:
        """Every score by its quantity, a dict that prints as a table: `audit.scores["wrong_label"].top(20)`."""
        return self.record.scores()

    @checked
    def apply(
        self,
        data: Any = None,
        y: Any = None,
        *,
        match: Match = "content",
        do: str | Iterable[str] | None = None,
        kinds: Iterable[str] | None = None,
        decisions: Iterable[Decision] | str | Path | None = None,
        even_hurting: bool = False,
    ) -> Applied:
        """The data after the remedies that tested "helps"; nothing is changed in place.

        What removes more than a tenth of the rows, moves the share of a class by more than a point or changes more than
        a tenth of the cells of a column is done only if its finding is named; `left_out` of the result says what was
        not done, and why.

        Args:
            data, y: the rows to change, read as the audited ones were, by the names of their columns; default: those
                that were audited. Any other content is refused.
            match: "content", or "id" to take data that changed since: rows are found by their ids, and those that are
                not as they were audited are left alone by the record, and by decisions that name no `given` label.
            do: carry out exactly these findings instead, whatever their verdict but "hurts": "SW102", or ["SW102",
                "SW201:drop"] to say which of its remedies.
            kinds: carry out all remedies of these kinds instead, but those that hurt: "relabel", "drop", "reweight",
                "clean" (cells).
            decisions: carry out exactly these instead; or the path of a list of findings/*.csv, or of that folder, with
                the decision column filled in.
            even_hurting: of `do` and `kinds` also what was measured to hurt.

        Returns:
            Applied: the new `data`, the `log` of what was changed by row id and column, and what was `left_out`.

        Raises:
            InputError: no data, or others than those that were audited; a finding that is not there, has no remedy that
                can be carried out or hurts; a decision about another label than a row has; or words that do not go
                together.
        """
        rows, changed = self._rows_to_change(data, y, match)
        if decisions is None:
            chosen = choose_remedies(
                self.record, rows, do=do, kinds=kinds, even_hurting=even_hurting, changed=changed
            )  # fmt: skip
            return chosen.applied()
        if do is not None or kinds is not None or even_hurting:
            raise InputError(
                "decisions are carried out as they are", got="decisions= with do=, kinds= or even_hurting=",
                fix="leave the others out",
            )  # fmt: skip
        listed = read_decisions(decisions, rows) if isinstance(decisions, str | Path) else list(decisions)
        require_given(listed, changed)
        return apply(rows, listed, task=self.record.data.get("task") or "auto")

    def _rows_to_change(self, data: Any, y: Any, match: Match) -> tuple[Dataset, Changed]:
        """The rows, and which of them are not as they were audited."""
        if data is not None or y is not None:
            reading = read_again(data, self.record.data, y)
            return reading.data, changed_rows(self.record.data, self.rows, reading, match, "the rows given")
        require_match(match)
        if self.data is None:
            raise InputError(
                "this audit was loaded without its data", got="no rows to change",
                fix="pass them: audit.apply(data), or load_audit(run_dir, data)",
            )  # fmt: skip
        return self.data, frozenset()

    def compare(self, later: "Audit | AuditRecord") -> AuditComparison:
        """What got better, what is new and what is gone in a later audit."""
        record = later.record if isinstance(later, Audit) else later
        require_kind(record, AuditRecord, "later")
        return compare_audits(self.record, record)

    def to_frame(self) -> Any:
        """The findings as a pandas frame, worst first."""
        return self.findings.to_frame()

    @checked
    def to_html(self, path: str | Path) -> Path:
        """Write the report as one HTML file that needs no network."""
        return write_text(Path(path), to_html(self.record))

    @checked
    def to_json(self, path: str | Path) -> Path:
        """Write the whole record as JSON."""
        return write_text(Path(path), to_json(self.record))

    @checked
    def to_junit(self, path: str | Path) -> Path:
        """Write one JUnit test case per check, for a pipeline."""
        return write_text(Path(path), to_junit(self.record))

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return to_markdown(self.record)

    def __repr__(self) -> str:
        """The verdict and a table, for a terminal."""
        return summary_text(self.record)

    def _repr_html_(self) -> str:
        """The verdict, the picture of the remedies and links, for a notebook."""
        return summary_html(self.record, None if self.run_dir is None else self.run_dir / REPORT_FILE)


@checked
def audit(  # noqa: PLR0913  # the main job: one keyword per thing a user may know about their data
    data: Any, y: Any = None, *, label: str | None = None, id: str | None = None, groups: Any = None,
    segments: Any = None, time: Any = None, weights: Any = None, drop_columns: Iterable[str] = (),
    image: str | None = None, text: str | None = None, columns: Mapping[str, ReadAs] | None = None,
    decimal: str | None = None, max_size: str | float | None = None, task: Task = "auto", positive: Any = None,
    labels_are: LabelsAre = "auto", test: Any = None, n_test_evaluations: int = 1, learner: Any = None,
    embeddings: Any = None, probabilities: Any = None, metric: str | None = None, checks: str | list[str] = "default",
    budget: str | float | None = None, seed: int = 0, accepted: Any = None, reviewed: Any = None,
    prices: Mapping[str, float] | None = None, run_dir: str | Path | None = None, replace: bool = False,
    show_values: bool = True, executor: Executor | None = None, progress: Progress | None = None,
    predictions: Any = None, test_looks: int | None = None,
) -> Audit:  # fmt: skip
    """Find what is wrong with a data set, where, how sure that is, and what acting on it gains on held-out rows.

    Args:
        data: features: array, pandas or polars frame, scipy sparse matrix, torch tensor, images, texts; or (X, y); or a
            `Dataset`; or the path of a .csv, .parquet, .npz or image folder, or what `read_dataset` made of one; or a
            Hugging Face dataset.
        y: (n,) labels; or name their column with `label`.
        label: the column to be predicted, where data is a table or a path.
        id: the column that names the rows. Without it their names are the index of a frame, else their numbers.
        groups: rows that share a value stay together in every split: patient, document, site. (n,) or a column's name.
        segments: the score is compared between the values of these columns: sex, country. A frame, an array or names.
        time: order of the rows: no model is trained on the future. (n,) or a column's name.
        weights: how much each row counts in fits, in the held-out error and in tested advice; 0 leaves it out. (n,) or
            a column's name; only their ratios matter. Everywhere else a row counts once.
        drop_columns: columns the model must not see.
        image: the column with pictures, or with their paths.
        text: the column with texts.
        columns: what columns are, where they are read otherwise: {'zip': 'category', 'price': 'number'}. By name, as
            "number", "category", "text", "date", "id" or a list of the values from low to high.
        decimal: the decimal sign of numbers written as text, a point or a comma. "." or ","; default: what the table
            shows.
        max_size: the largest file that is read, unpacked: 4GB, or a number of bytes. As "4GB"; default: a quarter of
            the memory of this machine. It holds for `data` and for `test`.
        task: whether the label is a class or a number. "auto", "classification" or "regression".
        positive: of two classes, the one whose probability is meant: yes, 1, >50K.
        labels_are: whether labels are facts, which the row itself shows, or outcomes, which it only predicts. "facts",
            "outcomes" or "auto": pictures and texts are facts, tables outcomes.
        test: rows nothing was trained on, with the same columns. A `Dataset`, (X, y) or a path.
        n_test_evaluations: how often any model was scored on the test rows, this audit included. It decides what may
            still be claimed.
        learner: kernel, linear, boosting, logistic or forest. Without it the shape of the data decides. Or a
            scikit-learn estimator or pipeline, or a `Learner` such as `engine.models.TorchLearner(make_module)`.
        embeddings: features of your own network. (n, d), or a function that makes them from X; for a torch module
            `engine.models.embeddings_of(module, X)`.
        probabilities: out-of-sample probabilities you have, a column per class. (n, c), in the sorted order of the
            classes.
        metric: the score that remedies are judged by: accuracy, balanced_accuracy, auc, mae, r2. Default for numbers
            mae; for classes accuracy, or auc (more than two classes: balanced_accuracy) where the largest holds 80 % of
            the rows.
        checks: default (all), fast (without many fits), or codes: SW101,SW2.
        budget: time the fits may take: 60s, 5min, 1h. It buys a smaller plan, or a fuller one, from a fixed cost table.
        seed: same seed, same data, same answer.
        accepted: findings you have accepted. Codes, or a mapping code -> ids.
        reviewed: answers of people about labels that are facts. findings/SW201.csv with its decision column filled in,
            the run folder of a `samplewise review`, a mapping id -> 1 (wrong), 0 (right) or a word, or a list of
            `Decision`s.
        prices: price per row by kind of remedy, such as {"review": 0.1}.
        run_dir: folder for report, record and lists of rows. The same call goes on where a killed one stopped.
        replace: whether this audit may take the place of another one in its folder. That one stays until this one is
            complete.
        show_values: without values no file holds cells or pictures of rows: only ids, numbers, names.
        executor: how fits are carried out. Default: short ones in this process, long ones on all cores.
        progress: called with every `Event`; without it a line in a notebook or terminal.
        predictions, test_looks: former names of `probabilities` and `n_test_evaluations`.

    Returns:
        Audit: `findings`, `scores`, `record`, `apply()`, `compare()`, `to_html()`, ...

    Raises:
        InputError: anything given that cannot be used; the message says what, where, got and fix.

    Cost: the fits of the plan, which stands in the record before they are made.
    Source: docs/tested-advice.md.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> audit(X, X[:, 0] > 0, checks="SW101,SW105").findings
    0 findings.
    """
    options = AuditOptions.of_call(locals())
    require_possible(data, options)
    taken = take_in(data, y, options)
    seen = _seen_by_learner(taken)
    chosen, rule = choose_learner(learner, seen, taken.target)
    measured_by = choose_metric(metric, taken.target.task, taken.target.codes)
    plan = _plan(taken, chosen, options)
    noted = [*_unused_weights(seen, chosen, measured_by)]
    if plan.folds < FOLDS:
        noted.append(f"the rows have few different times: {plan.folds} folds in time in place of {FOLDS}")
    noted += [] if isinstance(learner, str | None) else _probe(chosen, seen, taken.target, seed)
    facts = taken.facts | {
        "notes": [*taken.facts["notes"], *noted],
        "test": None if taken.test is None else taken.test.fingerprint(),
        "supplied": fingerprint(taken.predictions, taken.embeddings),
    }
    settings = _settings(plan, chosen, rule, measured_by, options) | labels_read(taken)
    settings["metric_rule"] = metric_rule(metric, taken.target.task, taken.target.codes)
    if run_dir is None:
        return _carried_out(None, taken, seen, chosen, measured_by, plan, facts, settings, options)
    folder = RunFolder.claim(run_dir, settings_of(facts, settings, show_values), replace=replace)
    try:
        return _carried_out(folder, taken, seen, chosen, measured_by, plan, facts, settings, options)
    finally:
        folder.release()


def require_possible(data: Any, options: AuditOptions) -> None:
    """Refuse what cannot be done whatever the data hold, before any of them are read.

    Args:    data: as `audit` takes them.   options: as given.
    Raises:  InputError: a seed, a folder, a check, a time or a metric that cannot be; test rows that are the data.
    """
    require_settings(options.seed, options.executor)
    if options.run_dir is not None:
        require_usable(options.run_dir)
    accepted_findings(options.accepted, catalog())
    choose_checks(options.checks)
    seconds_of(options.budget)
    if options.metric is not None and options.task != "auto":
        choose_metric(options.metric, options.task)
    require_files(data, options)


def _carried_out(  # all that was made of the arguments of `audit`
    folder: RunFolder | None, taken: Intake, seen: Dataset, learner: Learner, metric: Metric, plan: Plan,
    facts: dict[str, Any], settings: dict[str, Any], options: AuditOptions,
) -> Audit:  # fmt: skip
    """The audit of what was understood, in its folder."""
    if folder is not None:
        held = folder.codes()
        if beside := held - set(plan.checks):
            folder.notes.append(f"{count_of(len(beside), 'more check')} of the record in this folder stay in it")
        checks = tuple(code for code in catalog() if code in held or code in plan.checks)
        plan, settings = dataclasses.replace(plan, checks=checks), settings | {"checks": list(checks)}
        if options.show_values and taken.rows is not None:
            folder.save_rows(taken.rows)
    report = options.progress or usual_progress()
    told = {"data": facts, "plan": settings}
    report(Event("understood", "", total=plan.fits(), facts=told))
    facts = facts | {"overview": data_overview(taken, options.seed)}
    store = FitStore(None if folder is None else folder.path / FITS)
    executor = options.executor or AutoExecutor(plan.seconds())
    others = other_seconds(plan, len(seen), len(taken.columns), closed_form=learner.closed_form)
    at_once = 1 if options.executor else available_cores()
    timer = TimeLeft(fits_by_phase(plan), others, plan.seconds_per_fit, measured_slowdown(), at_once)
    given = (plan.folds, options.seed, executor, store, None, _counter(store, plan, report, timer))
    evidence = gather(taken, Prepared(seen, taken.target, learner, *given), metric, plan, options.n_test_evaluations)
    accepted = accepted_findings(options.accepted, catalog())
    run = Run(
        evidence, facts, settings, environment(), folder, accepted, options.prices or {}, report, options.show_values,
        () if folder is None else folder.retired(catalog()), timer,
    )  # fmt: skip
    return Audit(run.carry_out(), taken.everything, taken.rows, None if folder is None else folder.path)


def _unused_weights(data: Dataset, learner: Learner, metric: Metric) -> Iterator[str]:
    """Notes on where row weights were given and cannot be used."""
    if data.weights is None:
        return
    if not getattr(learner, "takes_weights", True):
        yield f"the learner ({learner.name}) takes no row weights: its fits are unweighted"
    if not metric.weighted:
        yield f"advice is tested by {metric.title}, in which row weights do not count"


def _seen_by_learner(taken: Intake) -> Dataset:
    """What the learner sees: the data, with the user's own features in place of X where they gave some."""
    return taken.data if taken.embeddings is None else with_embeddings(taken.data, taken.embeddings)


def _plan(taken: Intake, learner: Learner, options: AuditOptions) -> Plan:
    """What the audit will do; a fit is priced by the columns the learner sees."""
    features = len([column for column in taken.columns if column.role == "feature"])
    embedded = None if taken.embeddings is None else int(taken.embeddings.shape[1])
    return make_plan(
        choose_checks(options.checks), rows=len(taken.data),
        columns=embedded or features or int(np.prod(taken.data.X.shape[1:])),
        classes=0 if taken.target.classes is None else len(taken.target.classes), learner=learner,
        budget=options.budget, folds=_folds(taken.data),
    )  # fmt: skip


def _folds(data: Dataset) -> int:
    """As many folds as usual, or as there are different times; at least two."""
    return FOLDS if data.time is None else max(2, min(FOLDS, different_times(data.time, data.groups)))


def _counter(store: FitStore, plan: Plan, report: Progress, timer: TimeLeft) -> Callable[[], None]:
    """Reports how many fits are made and how long the rest should take at the pace so far."""

    def count() -> None:
        timer.fit()
        done, total = store.made + store.reused, max(plan.fits(), store.made + store.reused)
        report(Event("fit", "", done=done, total=total, seconds_left=timer.left(), share=timer.share()))

    return count


def _settings(plan: Plan, learner: Learner, rule: str, metric: Metric, options: AuditOptions) -> dict[str, Any]:
    """The record's plan: with the data and the seed, it fixes every number."""
    return plan.to_dict() | options.recorded() | {
        "checks": list(plan.checks),
        "learner": learner.name,
        "learner_fingerprint": learner.fingerprint(),
        "learner_rule": rule,
        "metric": metric.name,
        "metric_unit": metric.unit,
        "refits": {"folds": plan.folds, "halves": 2 * plan.halves, "nested": plan.curve_sizes * plan.curve_repeats},
        "accepted": sorted(accepted_findings(options.accepted, catalog())),
    }  # fmt: skip


def _probe(learner: Learner, data: Dataset, target: Target, seed: int) -> list[str]:
    """Fit the user's learner twice on a few rows: errors show at once, and one that ignores its seed gets a note.

    It predicts other rows than those it was trained on, which a fully grown tree predicts the same with any seed.
    """
    drawn = hashed_order(0, data.ids, "probe")
    rows = np.sort(drawn[:PROBED])
    codes = target.codes[rows]
    if target.classes is not None and len(np.unique(codes)) < len(target.classes):
        rows = np.arange(len(data))
    small, its_target = data.take(rows), dataclasses.replace(target, codes=target.codes[rows])
    queried = data.take(np.sort(drawn[-PROBED:])).X
    try:
        first, second = (learner.fit(small, seed=seed, target=its_target).outputs(queried) for _ in range(2))
    except InputError as fact:
        raise fact.during("probing the learner on a few rows") from None
    if equal_but_for_rounding(first, second):
        return []
    return [
        f"the learner ({learner.name}) ignores its seed: two fits on the same rows differ by up to "
        f"{np.abs(first - second).max():.2g}, so another run of this audit will differ too"
    ]
