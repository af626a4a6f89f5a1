"""pyDVL: EK-FAC and Nystroem influence on the query's loss, whose order per query is that of the margin."""

import numpy as np
import torch
from measuring import Rows, Setting, run
from pydvl.influence.torch import EkfacInfluence, NystroemSketchInfluence
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


def ekfac(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """With the eigenvalues corrected, and a ridge of 1e-3."""
    model = EkfacInfluence(setting.module(), update_diagonal=True, hessian_regularization=1e-3)
    return influences(model.fit(DataLoader(TensorDataset(*rows), batch_size=500)), rows, queries)


def nystroem(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """Of rank 50, with a ridge of 1e-3."""
    model = NystroemSketchInfluence(setting.module(), cross_entropy, regularization=1e-3, rank=50)
    return influences(model.fit(DataLoader(TensorDataset(*rows), batch_size=500)), rows, queries)


def influences(model, rows: Rows, queries: Rows) -> np.ndarray:  # type: ignore[no-untyped-def]
    """All pairs; its sign is that of the inner product of losses, positive where the row lowers the query's loss."""
    with torch.no_grad():
        return model.influences(*queries, *rows).numpy()


if __name__ == "__main__":
    run({"ekfac": ekfac, "nystroem": nystroem}, "pyDVL")
