"""Utilities of sets of rows: against fits by hand, at the ends, and refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data import Dataset
from samplewise.data.images import Images
from samplewise.influence import open_game


def points(rows=30, seed=0):
    draw = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return draw.normal(size=(rows, 3)) + 1.5 * y[:, None], y


def test_the_utility_of_a_set_is_the_score_of_a_fit_by_hand():
    (X, y), (V, w) = points(), points(50, seed=1)
    game = open_game((X, y), (V, w), learner=LogisticRegression(), executor=SerialExecutor())
    inside = np.random.default_rng(2).random((6, 30)) < 0.5
    expected = [100 * np.mean(LogisticRegression().fit(X[mask], y[mask]).predict(V) == w) for mask in inside]
    assert game.utility(inside) == pytest.approx(expected)


def test_the_empty_set_and_one_class_score_as_a_constant():
    (X, y), (V, w) = points(30), points(50, seed=1)
    y[:] = [0] * 12 + [1] * 18
    w[:] = [0] * 35 + [1] * 15
    game = open_game((X, y), (V, w))
    assert game.ends[0] == 30.0
    assert game.utility(np.arange(30)[None] < 5) == 70.0


def test_numbers_start_from_the_mean():
    X = np.arange(12.0)[:, None]
    game = open_game((X, 2.5 * X[:, 0]), (X + 0.5, 2.5 * X[:, 0] + 1.25), learner="linear", metric="r2")
    empty, full = game.ends
    assert empty == pytest.approx(1 - np.mean((2.5 * X + 1.25 - 2.5 * X.mean()) ** 2) / np.var(2.5 * X))
    assert full > 0.99
    assert game.outputs(np.arange(12)[None] == 3)[0, :, 0] == pytest.approx(7.5)


def test_groups_play_as_one():
    X, y = points(30)
    data = Dataset(X, y, groups=np.repeat(["a", "b", "c"], 10))
    game = open_game(data, points(50, seed=1), elements="groups")
    rows = open_game(data, points(50, seed=1))
    assert game.keys.tolist() == ["a", "b", "c"]
    assert game.utility(np.array([[True, False, True]])) == rows.utility((data.groups != "b")[None])


def test_no_set_is_fitted_twice(clouds_game):
    game = clouds_game()
    inside = np.random.default_rng(0).random((5, 40)) < 0.5
    game.utility(inside)
    made = game.runner.store.made
    game.utility(inside[::-1])
    assert game.runner.store.made == made == 5


def test_repeats_differ_in_the_seed_alone(clouds_game):
    game = clouds_game(learner=RandomForestClassifier(10))
    inside = np.ones((1, 40), dtype=bool)
    one, again, other = game.outputs(inside), game.outputs(inside), game.outputs(inside, repeat=1)
    assert (one == again).all()
    assert (one != other).any()


def test_margins_are_true_class_minus_the_best_other(clouds_game):
    game = clouds_game()
    inside = np.ones((1, 40), dtype=bool)
    outputs, labels = game.outputs(inside)[0], game.query_codes
    rows = np.arange(60)
    assert game.margins(inside)[0] == pytest.approx(outputs[rows, labels] - outputs[rows, 1 - labels])


def test_margins_of_probabilities_are_log_odds(clouds_game):
    game = clouds_game(learner="logistic")
    inside = np.ones((1, 40), dtype=bool)
    own = np.exp(game.outputs(inside)[0][np.arange(60), game.query_codes])
    assert game.margins(inside)[0] == pytest.approx(np.log(own / (1 - own)), rel=1e-5)


def picture_pair():
    pixels = np.random.default_rng(0).integers(0, 255, size=(24, 6, 6), dtype=np.uint8)
    pixels[::2] //= 4
    return Images.from_array(pixels[:16]), Images.from_array(pixels[16:])


@pytest.mark.parametrize(
    "pair",
    [
        lambda X: (sparse.csr_array(X[:16]), sparse.csr_array(X[16:])),
        lambda X: (
            pd.DataFrame(X[:16], columns=list("abc")),
            pd.DataFrame(X[16:], columns=list("abc"))[["c", "a", "b"]],
        ),
        lambda X: picture_pair(),
    ],
    ids=["sparse", "frame", "images"],
)
def test_training_and_validation_rows_of_every_kind_fit_together(pair):
    X, y = points(24)
    one, other = pair(X)
    game = open_game((one, y[:16]), (other, y[16:]))
    assert game.outputs(np.ones((1, 16), dtype=bool)).shape == (1, 8, 2)
    assert game.ends[1] > 50


def test_a_frame_with_its_columns_in_another_order_is_the_same():
    X, y = points(24)
    frame = pd.DataFrame(X, columns=list("abc"))
    whole = np.ones((1, 16), dtype=bool)
    straight = open_game((frame[:16], y[:16]), (frame[16:], y[16:])).outputs(whole)
    turned = open_game((frame[:16], y[:16]), (frame[16:][["b", "c", "a"]], y[16:])).outputs(whole)
    assert straight == pytest.approx(turned)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda X, y: open_game((X, None), (X, y)), "(?s)data has no labels.*pass y"),
        (lambda X, y: open_game((X, y), (X, np.where(y == 0, np.nan, y))), "(?s)rows id 0, 2.*leave these rows out"),
        (lambda X, y: open_game((X, y), (X, np.where(np.arange(30) == 4, 7, y))), "(?s)rows id 4.*of these classes"),
        (lambda X, y: open_game((X, y), (X[:, :2], y)), "other columns than the data"),
        (lambda X, y: open_game((X, y), (X, y), elements="groups"), "groups=..."),
        (lambda X, y: open_game((X, y), (X, y), elements="hospitals"), "known: rows, groups"),
        (lambda X, y: open_game((X, y), (X, y), metric="r2"), "use one of: accuracy"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(InputError, match=text):
        call(*points())


def test_pictures_in_files_with_pictures_in_memory(tmp_path):
    first, second = picture_pair()
    other = Images(second.height, second.width, second.channels, paths=np.array(["none.png"] * 8, dtype=object))
    with pytest.raises(InputError, match=r"Images\.from_files"):
        open_game((first, np.arange(16) % 2), (other, np.arange(8) % 2))
