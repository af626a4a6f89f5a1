"""The one nearest-neighbor graph, and what is read from it: arrays in, arrays out.

Axes in this package: n rows, m queries, d features.
"""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "graph": ["NeighborGraph", "NeighborIndex", "build_graph"],
        "groups": ["exact_groups", "groups_with_duplicates"],
        "shapley": ["neighbor_shapley", "neighbor_shapley_moments", "ranked_neighbor_shapley"],
    },
)
