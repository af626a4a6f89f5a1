"""Which rows to train on: decisions applied, fewer rows by difficulty, and rows of a raw pool like a target."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "decisions": ["Applied", "apply"],
        "domain_mixing": ["DomainMixer", "DomainMixture"],
        "importance_resampling": ["ImportanceResampler", "ImportanceWeights", "Tempering"],
        "pruning": ["Pruned", "prune"],
    },
    from_packages={"samplewise.core": ["Decision"]},
)
