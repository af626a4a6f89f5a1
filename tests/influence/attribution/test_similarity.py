"""Inner products of gradients, and cosines of what the last linear layer sees."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import RowGradients
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.similarity import GradientSimilarity, RepresentationSimilarity


def test_steps_at_checkpoints_add_up_by_their_rates(drawn_source, train, queries):
    sources = (drawn_source(0), drawn_source(1))
    fitted = GradientSimilarity.prepare(sources, train, Settings(rates=(0.5, 2.0)))
    parts = [source.matrix(queries, "margin") @ source.matrix(train, "loss").T for source in sources]
    values, query_ids = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, -(0.5 * parts[0] + 2.0 * parts[1]), atol=1e-10)
    np.testing.assert_array_equal(query_ids, queries)
    np.testing.assert_array_equal(fitted.ids, train)
    squares = [np.square(source.matrix(train, "loss")).sum(axis=1) for source in sources]
    np.testing.assert_allclose(fitted.self_influence(), 0.5 * squares[0] + 2.0 * squares[1])
    with pytest.raises(InputError, match=r"(?s)one rate per checkpoint.*1 rates, 2 modules"):
        GradientSimilarity.prepare(sources, train, Settings(rates=(1.0,)))


def test_likeness_is_a_cosine_with_the_sign_of_agreeing_labels(drawn_source, train, queries):
    source = drawn_source()
    fitted = RepresentationSimilarity.prepare(source, train, Settings())
    seen, queried = (source.parts(rows, "loss")[0][:, 0] for rows in (train, queries))
    seen, queried = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (seen, queried))
    sign = np.where((queries % 2)[:, None] == train % 2, 1.0, -1.0)
    values, _ = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, sign * (queried @ seen.T), atol=1e-12)
    group, _ = fitted.group_effect(np.array([0, 2]), queries, "margin")
    np.testing.assert_allclose(group, values[:, [0, 2]].mean(axis=1))
    np.testing.assert_array_equal(fitted.ids, train)
    with pytest.raises(InputError, match="no self-influence"):
        fitted.self_influence()


def test_a_module_without_a_linear_layer_has_no_representation(drawn_source, train):
    rows = drawn_source().gradients(train, "loss")
    bare = RowGradients(rows.ids, rows.layers[1:], rows.outputs, rows.labels, rows.values)

    class Bare:
        loss = "loss"

        def gradients(self, data, of):
            return bare

    with pytest.raises(InputError, match="this module has none"):
        RepresentationSimilarity.prepare(Bare(), train, Settings()).effects(train, "margin")
