"""The one nearest-neighbour graph, and what is read from it: arrays in, arrays out.

Axes on this floor: n rows, m queries, d features.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "graph": ["NeighbourGraph", "NeighbourIndex", "build_graph"],
        "groups": ["exact_groups", "groups_with_copies"],
        "shapley": ["neighbour_shapley", "neighbour_shapley_moments", "ranked_neighbour_shapley"],
    },
)
