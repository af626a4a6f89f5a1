"""What single rows do to the predictions for others: who helps, who hurts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "benefit": ["RowEffects", "leave_one_out", "row_effects"],
        "evaluation": ["DatamodelingScore", "datamodeling_score_difference", "linear_datamodeling_score"],
        "harm": ["drop_harmful", "harmful_rows"],
        "votes": ["knn_shapley"],
    },
)
