"""A table of modules, and the gradients of single rows as autograd gives them one by one."""

import numpy as np
import torch
from torch import nn


class Transformer(nn.Module):
    """Embedding with padding, positions, a torch encoder layer, a hand-written attention, two norms."""

    def __init__(self, vocabulary=20, width=8, classes=3):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width, padding_idx=0)
        self.positions = nn.Parameter(torch.randn(6, width) / 3)
        self.encoder = nn.TransformerEncoderLayer(width, 2, 16, dropout=0.0, batch_first=True)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, tokens):
        seen = self.encoder(self.embed(tokens) + self.positions[: tokens.shape[1]])
        weights = (self.query(seen) @ self.key(seen).transpose(1, 2)).softmax(dim=2)
        return self.head(self.norm(seen + weights @ self.value(seen)).mean(dim=1))


class Tied(nn.Module):
    """An embedding whose weight is also a linear layer's, which is called twice; one layer applied at two depths."""

    def __init__(self, vocabulary=12, width=5):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.twice = nn.Linear(width, width)
        self.head = nn.Linear(width, vocabulary)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        seen = torch.tanh(self.twice(self.embed(tokens)))
        return self.head(torch.tanh(self.twice(seen)).mean(dim=1)) + self.head(seen[:, 0])


class SharedWeight(nn.Module):
    """One weight in two linear layers with biases of their own."""

    def __init__(self, width=5, classes=3):
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.second.weight = self.first.weight
        self.head = nn.Linear(width, classes)

    def forward(self, rows):
        return self.head(self.second(self.first(rows).tanh()).tanh())


class Recurrent(nn.Module):
    """A torch recurrent layer and a cell called in a loop."""

    def __init__(self, width=4, classes=3, kind=nn.GRU, cell=nn.LSTMCell):
        super().__init__()
        self.layer, self.cell = kind(width, 5, batch_first=True), cell(5, 4)
        self.head = nn.Linear(4, classes)

    def forward(self, rows):
        seen, _ = self.layer(rows)
        state = None
        for position in range(seen.shape[1]):
            state = self.cell(seen[:, position], state)
        return self.head(state[0] if isinstance(state, tuple) else state)


class BothWays(nn.Module):
    """Outputs and last states of two-way layers, positions first, with a learned first state."""

    def __init__(self, width=3, classes=3):
        super().__init__()
        self.layer = nn.LSTM(width, 4, num_layers=2, bidirectional=True, bias=False)
        self.simple = nn.RNN(8, 3, nonlinearity="relu")
        self.narrow = nn.LSTM(3, 5, proj_size=2)
        self.begin = nn.Parameter(torch.randn(1, 1, 3))
        self.head = nn.Linear(8 + 4 + 2, classes)

    def forward(self, rows):  # (b, t, width)
        seen, (last, cell) = self.layer(rows.transpose(0, 1))
        again, final = self.simple(seen, self.begin.expand(-1, len(rows), -1).contiguous())
        short, _ = self.narrow(again + final)
        return self.head(torch.cat([seen[0], last[1] * cell[3], short[-1]], dim=1))


class Custom(nn.Module):
    """Parameters no layer explains, a weight used by hand, and one layer seen with rows merged into positions."""

    def __init__(self, width=5, classes=3):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(width))
        self.inner = nn.Linear(width, width)
        self.merged = nn.Linear(width, width)
        self.moved = nn.Linear(width, width)
        self.head = nn.Linear(width, classes)

    def forward(self, rows):  # (b, t, width)
        seen = self.inner(rows * self.scale).relu_() + rows @ self.inner.weight
        seen = self.merged(seen.reshape(-1, seen.shape[2])).reshape(seen.shape)
        seen = self.moved(seen.transpose(0, 1)).transpose(0, 1)
        return self.head(seen.mean(dim=1))


def perceptron():
    return nn.Sequential(
        nn.Linear(6, 9), nn.ReLU(inplace=True), nn.Linear(9, 7, bias=False), nn.Tanh(), nn.Linear(7, 3)
    )


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 6, (3, 2), stride=2, dilation=(1, 2), padding=(2, 1), padding_mode="circular"), nn.GroupNorm(2, 6),
        nn.Conv2d(6, 4, 1, bias=False), nn.InstanceNorm2d(4, affine=True), nn.Flatten(), nn.Linear(48, 3),
    )  # fmt: skip


def convolutional_1d():
    return nn.Sequential(
        nn.Conv1d(3, 6, 3, padding="same", dilation=2, padding_mode="replicate"), nn.LayerNorm(10), nn.Tanh(),
        nn.Conv1d(6, 6, 4, groups=6, padding="same"), nn.Flatten(), nn.Linear(60, 3),
    )  # fmt: skip


def convolutional_3d():
    return nn.Sequential(
        nn.Conv3d(1, 2, 2, stride=(1, 2, 1), padding=1, padding_mode="reflect"),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(96, 3),
    )


def encoder_decoder():
    """Attention over a memory: queries, keys and values from different places."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.TransformerDecoderLayer(8, 2, 12, dropout=0.0, batch_first=True)
            self.head = nn.Linear(8, 3)

        def forward(self, rows):  # (b, t, 8)
            return self.head(self.layer(rows[:, :2], rows[:, 2:]).mean(dim=1))

    return Model()


def sequence_first():
    """nn.MultiheadAttention with positions first, masked, and a different width of keys."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, add_bias_kv=True)
            self.plain = nn.MultiheadAttention(8, 4)
            self.narrow = nn.MultiheadAttention(8, 1, kdim=4, vdim=4, batch_first=True)
            self.head = nn.Linear(8, 3)

        def forward(self, rows):  # (b, t, 8)
            mask = torch.ones(rows.shape[1], rows.shape[1], dtype=torch.bool).triu(1)
            seen = rows.transpose(0, 1)
            seen = seen + self.attention(seen, seen, seen)[0]
            seen = (seen + self.plain(seen, seen, seen, attn_mask=mask, need_weights=False)[0]).transpose(0, 1)
            return self.head((seen + self.narrow(seen, seen[..., :4], seen[..., 4:])[0]).mean(dim=1))

    return Model()


def numbers(*shape):
    return lambda count: torch.randn(count, *shape)


def tokens(vocabulary, length):
    return lambda count: torch.randint(0, vocabulary, (count, length))


# name -> (module, rows, number of outputs)
MODULES = {
    "perceptron": (perceptron, numbers(6), 3),
    "one logit": (lambda: nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1)), numbers(6), 1),
    "convolutional": (convolutional, numbers(2, 6, 5), 3),
    "convolutional 1d": (convolutional_1d, numbers(3, 10), 3),
    "convolutional 3d": (convolutional_3d, numbers(1, 3, 4, 3), 3),
    "transformer": (Transformer, tokens(20, 6), 3),
    "encoder decoder": (encoder_decoder, numbers(5, 8), 3),
    "sequence first": (sequence_first, numbers(5, 8), 3),
    "tied": (Tied, tokens(12, 4), 12),
    "shared weight": (SharedWeight, numbers(5), 3),
    "recurrent": (Recurrent, numbers(4, 4), 3),
    "recurrent, deep": (
        lambda: Recurrent(
            kind=lambda *sizes, **named: nn.LSTM(*sizes, num_layers=2, bidirectional=False, **named), cell=nn.GRUCell
        ),
        numbers(3, 4),
        3,
    ),
    "recurrent, both ways": (BothWays, numbers(3, 3), 3),
    "custom": (Custom, numbers(3, 5), 3),
}


def case(name, dtype=torch.float64, count=21, seed=0):
    """A module in evaluation mode, rows and labels, always the same."""
    make, rows, outputs = MODULES[name]
    torch.manual_seed(seed)
    module = make().eval()
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2.0)
    module = module.to(dtype)
    X = rows(count)
    y = torch.randint(0, max(2, outputs), (count,))
    return module, (X.to(dtype) if X.is_floating_point() else X), y


def written_out(module, X, values):
    """(n, p) gradients, one backward pass per row; `values(outputs, position)` gives the row's scalar."""
    held = [parameter for parameter in module.parameters() if parameter.requires_grad]
    found = []
    for row in range(len(X)):
        slopes = torch.autograd.grad(values(module(X[row : row + 1]), row), held, allow_unused=True)
        parts = [torch.zeros_like(one) if slope is None else slope for one, slope in zip(held, slopes, strict=True)]
        found.append(torch.cat([part.flatten() for part in parts]).double())
    return torch.stack(found).numpy()


def named_loss(loss, y):
    """The row scalars of the library's named losses, written a second time."""

    def value(outputs, row):
        logits, label = outputs[0], y[row]
        if loss == "squared_error":
            wanted = torch.eye(len(logits), dtype=logits.dtype)[label] if len(logits) > 1 else label.to(logits.dtype)
            return ((logits - wanted) ** 2).sum() / 2
        if len(logits) == 1:
            logits = torch.cat([torch.zeros_like(logits), logits])
        shares = logits.log_softmax(dim=0)
        if loss == "cross_entropy":
            return -shares[label]
        others = torch.cat([logits[:label], logits[label + 1 :]])
        return logits[label] - others.logsumexp(dim=0)

    return value


def flat(sums, module):
    """(k, p) parameter-shaped sums in the order of the parameters."""
    names = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    return np.concatenate([sums[name].reshape(len(sums[name]), -1) for name in names], axis=1)
