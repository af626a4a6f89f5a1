"""Recipes: what rate and ridge mean when rows are left out, and what is refused."""

import pytest

from samplewise.core.errors import InputError
from samplewise.information import Converged, GradientDescent, GradientFlow


def test_the_mean_loss_divides_by_the_rows_that_are_left():
    recipe = GradientDescent(steps=7, rate=0.6, ridge=3.0, momentum=0.5)
    whole, without = recipe.filter_for(30), recipe.filter_for(30, 10)
    assert (whole.rate, whole.ridge, whole.steps, whole.momentum) == (0.02, 3.0, 7, 0.5)
    assert without.rate == pytest.approx(0.03)
    assert without.ridge == pytest.approx(2.0)


def test_the_sum_of_the_losses_keeps_both():
    recipe = GradientFlow(time=2.0, rate=0.5, ridge=3.0, loss_reduction="sum")
    assert recipe.filter_for(30) == recipe.filter_for(30, 10)
    assert Converged(2.0).filter_for(9, 1).ridge == 2.0
    assert Converged(2.0, "mean").filter_for(9, 3).ridge == pytest.approx(4.0 / 3)


def test_several_stops_are_one_recipe_each():
    stops = GradientDescent(steps=[10, 100], rate=0.1).at_each_stop()
    assert list(stops) == [10, 100]
    assert stops[100].filter_for(1).steps == 100
    assert GradientDescent(steps=10, rate=0.1).at_each_stop() is None
    assert list(GradientFlow(time=(0.5, 2.0)).at_each_stop()) == [0.5, 2.0]
    assert Converged().at_each_stop() is None


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_largest_rate_is_where_the_filters_diverge(reduction, momentum):
    recipe = GradientDescent(5, 1.0, 0.5, momentum, reduction)
    most = recipe.rate_at_most(8.0, 40)
    at = GradientDescent(5, most, 0.5, momentum, reduction).filter_for(40, 1 if reduction == "mean" else 0)
    assert at.largest + at.ridge == pytest.approx(8.5, rel=0.01)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: GradientDescent(0, 0.1), "whole numbers"),
        (lambda: GradientDescent(2.5, 0.1), "whole numbers"),
        (lambda: GradientDescent([], 0.1), "whole numbers"),
        (lambda: GradientDescent(5, 0.0), "rate must be"),
        (lambda: GradientDescent(5, 0.1, momentum=1.0), "below 1"),
        (lambda: GradientDescent(5, 0.1, ridge=-1.0), "ridge must be"),
        (lambda: GradientDescent(5, 0.1, loss_reduction="meen"), "did you mean 'mean'"),
        (lambda: GradientFlow(-1.0), "time must be"),
        (lambda: Converged(float("nan")), "ridge must be"),
    ],
)
def test_settings_out_of_range(make, text):
    with pytest.raises(InputError, match=text):
        make()
