"""A plain network for rows of numbers, for who has none of their own."""

import math
from itertools import pairwise

from torch import nn


def dense_network(shape: tuple[int, ...], outputs: int, widths: tuple[int, ...] = (128,)) -> nn.Module:
    """A fully connected network with ReLU between its layers: a `make_module` for any shape of rows.

    Args:
        shape: of one row; more than one axis is flattened.   outputs: c.
        widths: units of each hidden layer; () gives a linear model. `functools.partial` sets others.

    Returns:
        A fresh module, its weights drawn by torch's own rule.

    Cost: of the order of (d + c) w weights.
    Not for: pictures of many pixels, texts (convolutions and attention share weights over positions).
    Source: exact; no publication.

    >>> sum(weights.numel() for weights in dense_network((4,), 3, widths=(8,)).parameters())
    67
    """
    sizes = [math.prod(shape), *widths]
    layers: list[nn.Module] = [nn.Flatten()] if len(shape) > 1 else []
    for width_in, width_out in pairwise(sizes):
        layers += [nn.Linear(width_in, width_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))
