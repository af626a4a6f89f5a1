"""captum: TracIn from one checkpoint, of the last layer or of all; positive where the row lowers the query's loss."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from captum.influence import TracInCP, TracInCPFast
from measuring import Rows, Setting, run
from torch.utils.data import TensorDataset


def prepared(kind, setting: Setting, rows: Rows, folder: str, **options):  # type: ignore[no-untyped-def]
    """An instance: it reads weights from files, even those of one module in memory."""
    module = setting.module()
    file = str(Path(folder) / "module.pt")
    torch.save(module.state_dict(), file)

    def load(model: torch.nn.Module, path: str) -> float:
        model.load_state_dict(torch.load(path, weights_only=True))
        return 1.0

    return kind(
        module, train_dataset=TensorDataset(*rows), checkpoints=[file], checkpoints_load_func=load, batch_size=500,
        loss_fn=torch.nn.CrossEntropyLoss(reduction="sum"), **options,
    )  # fmt: skip


def tracin(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """Gradients of all layers."""
    with tempfile.TemporaryDirectory() as folder:
        return prepared(TracInCP, setting, rows, folder, sample_wise_grads_per_batch=True).influence(queries).numpy()


def tracin_fast(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """Gradients of the last layer."""
    with tempfile.TemporaryDirectory() as folder:
        name = [name for name, part in setting.module().named_modules() if isinstance(part, torch.nn.Linear)][-1]
        return prepared(TracInCPFast, setting, rows, folder, final_fc_layer=name).influence(queries).numpy()


if __name__ == "__main__":
    run({"tracin": tracin, "tracin-fast": tracin_fast}, "captum")
