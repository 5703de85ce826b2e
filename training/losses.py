"""What training asks of the two towers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.phrases import Facts, Meaning, Names, compare

SMOOTH = 0.02
"""Yes is taught as 0.98, so that no embedding is pushed without end."""


class ContrastWithNeutral(nn.Module):
    """Sigmoid loss (Zhai et al. 2023, equation 1) on the calibrated score of every image and phrase.

    The logit is scale * (similarity - largest similarity to a neutral phrase): the very formula of `Calibration`, so
    training itself draws the line between "here it is" and "nothing like that". Beside it, each image must prefer
    its own label, colour and material to all others (cross-entropy), which sharpens what the pairs alone leave vague.
    """

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names = names
        self.log_scale = nn.Parameter(torch.tensor(10.0).log())
        self.log_sharpness = nn.Parameter(torch.tensor(15.0).log())

    def forward(
        self,
        images: Tensor,
        weights: Tensor,
        facts: Sequence[Facts],
        names: tuple[Tensor, Tensor, Tensor],
        neutral: Tensor,
        phrases: Tensor,
        meanings: Sequence[Meaning],
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts.

        `images` (K, N, D) are K embeddings of each of N objects, `weights` (K,) how much each kind counts; `names` are
        the embeddings of every label, colour and material, `neutral` (2, D), `phrases` (T, D) those of T meanings.
        """
        targets, half_right = map(torch.from_numpy, compare(meanings, facts, self.names))
        line = (images @ neutral.T).amax(dim=2, keepdim=True)
        logits = self.log_scale.exp() * (images @ phrases.T - line)
        yes = targets.clamp(SMOOTH, 1 - SMOOTH)
        each = functional.binary_cross_entropy_with_logits(logits, yes.expand_as(logits), reduction="none")
        each = (each * weights[:, None, None]).sum(0)
        no = (targets == 0) & ~half_right
        groups = {"yes": targets == 1, "nearly": targets == 0.5, "no": no, "half right": half_right}
        parts = {name: each[chosen].mean() for name, chosen in groups.items() if chosen.any()}
        share = {"yes": 1.0, "nearly": 0.1, "no": 1.0, "half right": 0.7}
        loss = sum((share[name] * part for name, part in parts.items()), torch.zeros(()))
        rows = [row for row, fact in enumerate(facts) if fact[0]]
        vocabularies = (self.names.labels, self.names.colors, self.names.materials)
        for column, (name, factor) in enumerate((("label", 1.0), ("color", 0.7), ("material", 0.3))):
            vectors, vocabulary = names[column], list(vocabularies[column])
            right = torch.tensor([vocabulary.index(facts[row][column]) for row in rows])
            scores = self.log_sharpness.exp() * images[:, rows] @ vectors.T
            entropy = functional.cross_entropy(
                scores.flatten(0, 1), right.repeat(len(images)), reduction="none", label_smoothing=SMOOTH
            )
            parts[name] = (entropy.reshape(len(images), -1).mean(1) * weights).sum()
            loss = loss + factor * parts[name]
        return loss, {name: float(part.detach()) for name, part in parts.items()}
