"""A fit is named by its content, and learners are recognized by their methods."""

import numpy as np

from samplewise.data.dataset import Dataset
from samplewise.engine.models import KernelHead
from samplewise.engine.models.learner import Fit, Fitted, Learner

KEEP, ROWS = np.array([True, True, False]), np.array([2])


def test_equal_questions_have_equal_names():
    assert Fit(KEEP, ROWS).key(0) == Fit(KEEP.copy(), ROWS.copy()).key(0)
    different = [
        Fit(~KEEP, ROWS).key(0),
        Fit(KEEP, np.array([1])).key(0),
        Fit(KEEP, ROWS, codes=np.array([0, 1, 0])).key(0),
        Fit(KEEP, ROWS, weights=np.ones(3)).key(0),
        Fit(KEEP, ROWS).key(1),
        Fit(KEEP, ROWS).key(0),
    ]
    assert len(set(different)) == 6


def test_what_follows_a_protocol_is_known_without_a_base_class():
    head = KernelHead()
    assert isinstance(head, Learner)
    assert isinstance(head.fit(Dataset(np.arange(12.0)[:, None], np.repeat([0, 1], 6)), seed=0), Fitted)
    assert not isinstance(object(), Learner)
