"""dattri: TRAK and EK-FAC (the latter of Linear layers)."""

import numpy as np
import torch
from dattri.algorithm.influence_function import IFAttributorEKFAC
from dattri.algorithm.trak import TRAKAttributor
from dattri.task import AttributionTask
from measuring import Rows, Setting, run
from tasks import margins
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


def attribution_task(setting: Setting, target_is_loss: bool) -> tuple[AttributionTask, torch.nn.Module]:
    """Losses that accept one row or a batch, as it requires."""
    module = setting.module()

    def logits_of(params, data):  # type: ignore[no-untyped-def]
        inputs, labels = data
        alone = labels.dim() == 0
        inputs, labels = (inputs.unsqueeze(0), labels.unsqueeze(0)) if alone else (inputs, labels)
        return torch.func.functional_call(module, params, (inputs,)), labels

    def loss(params, data):  # type: ignore[no-untyped-def]
        return cross_entropy(*logits_of(params, data))

    def margin(params, data):  # type: ignore[no-untyped-def]
        return margins(*logits_of(params, data)).mean()

    return AttributionTask(loss if target_is_loss else margin, module, module.state_dict()), module


def loaders(rows: Rows, queries: Rows) -> tuple[DataLoader, DataLoader]:
    """In order, in batches of 500."""
    return tuple(DataLoader(TensorDataset(*part), batch_size=500, shuffle=False) for part in (rows, queries))  # type: ignore[return-value]


def trak(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """512 projections, no ridge, as it comes."""
    task, module = attribution_task(setting, target_is_loss=False)

    def chance(params, data):  # type: ignore[no-untyped-def]
        logits = torch.func.functional_call(module, params, (data[0].unsqueeze(0),))
        return torch.exp(-cross_entropy(logits, data[1].unsqueeze(0)))

    train, queried = loaders(rows, queries)
    attributor = TRAKAttributor(task, chance, projector_kwargs={"proj_dim": 512, "device": "cpu"})
    with torch.no_grad():
        attributor.cache(train)
        return attributor.attribute(queried).T.numpy()


def ekfac(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """Damping 1e-3; positive where the row lowers the query's loss."""
    task, _ = attribution_task(setting, target_is_loss=True)
    train, queried = loaders(rows, queries)
    attributor = IFAttributorEKFAC(task, damping=1e-3)
    attributor.cache(train)
    return attributor.attribute(train, queried).detach().T.numpy()


if __name__ == "__main__":
    run({"trak-512": trak, "ekfac": ekfac}, "dattri")
