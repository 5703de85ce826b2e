"""The two towers as torch modules, for training; `tensors()` gives what the package's own towers run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from core3d_search.encoders.builtin_text import LAST_POSITIONS, UNKNOWN, ngram_rows, words_of

Tensors = dict[str, npt.NDArray[np.float16]]


class ImageNetwork(nn.Module):
    """See core3d_search.encoders.room_network.RoomNetwork; here with batch norm behind every convolution."""

    def __init__(self, dimension: int, widths: Sequence[int], dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = ConvNorm(3, widths[0], 3, 2)
        self.stages = nn.ModuleList(Stage(wide, wider) for wide, wider in pairwise(widths))
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(widths[-1], dimension)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, D) unit embeddings of (N, 3, 64, 64) normalised pixels."""
        x = torch.relu(self.stem(x))
        for stage in self.stages:
            x = stage(x)
        return functional.normalize(self.output(self.dropout(x.float().mean(dim=(2, 3)))), dim=-1)

    def load(self, tensors: Mapping[str, npt.NDArray[np.float16]]) -> None:
        """Take over what `tensors` returned; the batch norms are gone for good, so training goes on without them."""
        self.output.load_state_dict({name: torch.tensor(tensors[f"output.{name}"]) for name in ("weight", "bias")})
        for name, module in self.named_modules():
            if isinstance(module, ConvNorm):
                name = name.replace("stages.", "stage")
                module.unfold(torch.tensor(tensors[f"{name}.weight"]), torch.tensor(tensors[f"{name}.bias"]))

    def tensors(self) -> Tensors:
        """Return float16 weights with every batch norm folded into its convolution."""
        folded = {"output.weight": self.output.weight, "output.bias": self.output.bias}
        for name, module in self.named_modules():
            if isinstance(module, ConvNorm):
                name = name.replace("stages.", "stage")
                folded[f"{name}.weight"], folded[f"{name}.bias"] = module.folded()
        return half(folded)


class ConvNorm(nn.Module):
    """A convolution and the batch norm behind it."""

    def __init__(self, wide: int, wider: int, size: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(wide, wider, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(wider)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.convolution(x))

    def unfold(self, weight: Tensor, bias: Tensor) -> None:
        """Become the convolution of `weight` and `bias`, without a norm."""
        self.convolution = nn.Conv2d(
            weight.shape[1], weight.shape[0], weight.shape[2], self.convolution.stride, weight.shape[2] // 2
        )
        self.convolution.load_state_dict({"weight": weight, "bias": bias})
        self.norm = nn.Identity()

    def folded(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the one convolution that does what both do in evaluation."""
        if self.convolution.bias is not None:
            return self.convolution.weight, self.convolution.bias
        gain = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return self.convolution.weight * gain[:, None, None, None], self.norm.bias - self.norm.running_mean * gain


class Stage(nn.Module):
    """Two convolutions beside a shortcut; halves the sides."""

    def __init__(self, wide: int, wider: int) -> None:
        super().__init__()
        self.first, self.second = ConvNorm(wide, wider, 3, 2), ConvNorm(wider, wider, 3, 1)
        self.skip = ConvNorm(wide, wider, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.skip(functional.avg_pool2d(x, 2))
        return torch.relu(self.second(torch.relu(self.first(x))) + skip)


class TextNetwork(nn.Module):
    """See core3d_search.encoders.builtin_text.TextTower."""

    def __init__(
        self, words: Sequence[str], dimension: int = 128, width: int = 96, hidden: int = 256, table: int = 4096,
        linear: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.row_of = {word: row for row, word in enumerate(words, start=UNKNOWN + 1)}
        self.words = nn.Embedding(len(words) + 1, width)
        self.ngrams = nn.EmbeddingBag(table, width, mode="mean")
        self.place_gain = nn.Parameter(torch.randn(LAST_POSITIONS, width) * 0.3)
        self.place_shift = nn.Parameter(torch.zeros(LAST_POSITIONS, width))
        self.attention = nn.Parameter(torch.randn(width, width) * width**-0.5)
        self.attention_query = nn.Parameter(torch.zeros(width))
        self.hidden, self.output = nn.Linear(width, hidden), nn.Linear(hidden, dimension)
        self.linear = nn.Linear(width, dimension, bias=False) if linear else None
        nn.init.normal_(self.ngrams.weight, std=0.3)

    def load(self, tensors: Mapping[str, npt.NDArray[np.float16]]) -> None:
        """Take over what `tensors` returned for the same list of words."""
        with torch.no_grad():
            for name, tensor in self._named().items():
                tensor.copy_(torch.tensor(tensors[name]))

    def forward(self, texts: Sequence[str], forget: float = 0.0) -> Tensor:
        """Return (N, D) unit embeddings; each distinct known word counts as unknown with probability `forget`."""
        phrases = [words_of(text) or [""] for text in texts]
        vocabulary = sorted({word for phrase in phrases for word in phrase})
        index = {word: i for i, word in enumerate(vocabulary)}
        rows = torch.tensor([self.row_of.get(word, UNKNOWN) for word in vocabulary])
        if forget:
            rows = torch.where(torch.rand(len(rows)) < forget, UNKNOWN, rows)
        ngrams = [ngram_rows(word, self.ngrams.num_embeddings) for word in vocabulary]
        offsets = torch.tensor(np.cumsum([0, *map(len, ngrams[:-1])]))
        vectors = self.words(rows) + self.ngrams(torch.tensor([row for each in ngrams for row in each]), offsets)

        longest = max(map(len, phrases))
        place = torch.arange(longest)
        lengths = torch.tensor([len(phrase) for phrase in phrases])
        # Phrases are laid out backwards, so that column 0 is every phrase's last word.
        layout = torch.tensor([[index[w] for w in phrase[::-1]] + [0] * (longest - len(phrase)) for phrase in phrases])
        x = vectors[layout]
        place = place.clamp(max=LAST_POSITIONS - 1)
        x = x * (1 + self.place_gain[place]) + self.place_shift[place]
        scores = torch.tanh(x @ self.attention.T) @ self.attention_query
        scores = scores.masked_fill(torch.arange(longest) >= lengths[:, None], float("-inf"))
        pooled = (scores.softmax(dim=1)[..., None] * x).sum(dim=1)
        output = self.output(torch.relu(self.hidden(pooled)))
        return functional.normalize(output if self.linear is None else output + self.linear(pooled), dim=-1)

    def tensors(self) -> Tensors:
        """Return float16 weights under the names that `TextTower` reads."""
        return half(self._named())

    def _named(self) -> dict[str, Tensor]:
        linear = {} if self.linear is None else {"linear": self.linear.weight}
        return linear | {
            "words": self.words.weight,
            "ngrams": self.ngrams.weight,
            "place_gain": self.place_gain,
            "place_shift": self.place_shift,
            "attention": self.attention,
            "attention_query": self.attention_query,
            "hidden": self.hidden.weight,
            "hidden_bias": self.hidden.bias,
            "output": self.output.weight,
            "output_bias": self.output.bias,
        }


def half(tensors: dict[str, Tensor]) -> Tensors:
    """Return detached float16 NumPy copies."""
    return {name: tensor.detach().cpu().numpy().astype(np.float16) for name, tensor in tensors.items()}
