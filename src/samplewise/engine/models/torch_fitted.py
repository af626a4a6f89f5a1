"""A trained network that predicts any rows of the same kind."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import known_codes
from samplewise.engine.models.temperature import probabilities
from samplewise.engine.models.torch_answers import embeddings_of, outputs_of
from samplewise.engine.models.torch_inputs import TensorEncoder, as_inputs


@dataclass(frozen=True, eq=False)
class FittedTorch:
    """A trained network with the encoder in front of it.

    Args:
        classes: (c,) class values; None for regression.
        module: the trained module, for `influence.Attributor` and anything else that takes one.
        encoder: makes what the module takes.
        center, scale: a regression module predicts (label - center) / scale.
        losses: (epochs,) mean training loss of each epoch.
    """

    classes: Array | None
    module: nn.Module
    encoder: TensorEncoder
    center: float
    scale: float
    losses: Floats

    def encoded(self, data: Dataset) -> tuple[Tensor, Tensor | None]:
        """Inputs (n, ...) and labels (n,) as the module takes them: codes, or numbers less `center` over `scale`."""
        inputs = as_inputs(self.encoder(data.X), self.module)
        if data.y is None:
            return inputs, None
        if self.classes is None:
            numbers = (np.asarray(data.y, dtype=np.float64) - self.center) / self.scale
            return inputs, torch.from_numpy(numbers).to(inputs.device, next(self.module.parameters()).dtype)
        codes = known_codes(np.asarray(data.y), self.classes, data.ids, "the rows")
        return inputs, torch.from_numpy(codes).to(inputs.device)

    def outputs(self, X: Any) -> Floats:
        """(n, c) logits, two columns for two classes; (n, 1) predicted numbers for regression."""
        count = 0 if self.classes is None else len(self.classes)
        outputs = outputs_of(self.module, self.encoder(_one_kind(X)), classes=count)
        return finite_outputs(self.center + self.scale * outputs)

    def probabilities(self, X: Any) -> Floats:
        """(n, c) softmax of the logits."""
        if self.classes is None:
            raise InputError("a regression network has no class probabilities", fix="use outputs(X)")
        return probabilities(self.outputs(X), 1.0)

    def embed(self, X: Any) -> Floats:
        """(n, d) what enters the last linear layer."""
        return embeddings_of(self.module, torch.from_numpy(np.array(self.encoder(_one_kind(X)))))


def _one_kind(X: Any) -> Any:
    """Rows as a data set would hold them."""
    return Dataset(X).X


def finite_outputs(outputs: Floats) -> Floats:
    """The same outputs (n, c), or the reason they cannot be used."""
    if not np.isfinite(outputs).all():
        raise InputError(
            "the outputs of the trained network contain NaN or infinity",
            where=f"{int((~np.isfinite(outputs)).any(axis=1).sum())} of {len(outputs)} rows",
            fix="train with a smaller rate, or scale the inputs",
        )
    return outputs
