"""What training asks of the two towers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.phrases import Facts, Meaning, Names, compare

CHOICES = {"label": 1.0, "color": 0.7, "material": 0.3, "pair": 0.5}
"""What each image must choose among, and how much each choice counts."""

SMOOTH = 0.02
"""Yes is taught as 0.98, so that no embedding is pushed without end."""


class ContrastWithNeutral(nn.Module):
    """Sigmoid loss (Zhai et al. 2023, equation 1) on the calibrated score of every image and phrase.

    The logit is scale * (similarity - largest similarity to a neutral phrase): the very formula of `Calibration`, so
    training itself draws the line between "here it is" and "nothing like that". Beside it, each image must prefer its
    own label, colour, material and "<colour> <label>" to others (cross-entropy), which sharpens what is left vague.
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
        names: Sequence[Tensor],
        neutral: Tensor,
        phrases: Tensor,
        meanings: Sequence[Meaning],
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts.

        `images` (K, N, D) are K embeddings of each of N objects, the combined one first; `weights` (K,) says how much
        each kind counts. `names` are the embeddings of every label, colour, material and of `pairs_of(facts)`,
        `neutral` (2, D) those of the neutral phrases, `phrases` (T, D) those of T meanings.
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
        # A threshold must stand the best of many objects: so the likeliest wrong one of the batch counts by itself.
        worst = logits[0].masked_fill(targets > 0, float("-inf")).amax(dim=0)
        parts["worst"] = functional.softplus(worst[worst.isfinite()]).mean()
        share = {"yes": 1.0, "nearly": 0.1, "no": 1.0, "half right": 0.7, "worst": 0.7}
        loss = sum((share[name] * part for name, part in parts.items()), torch.zeros(()))
        rows = [row for row, fact in enumerate(facts) if fact[0]]
        for name, vectors, right in self._choices(names, [facts[row] for row in rows]):
            scores = self.log_sharpness.exp() * images[:, rows] @ vectors.T
            entropy = functional.cross_entropy(
                scores.flatten(0, 1), right.repeat(len(images)), reduction="none", label_smoothing=SMOOTH
            )
            parts[name] = (entropy.reshape(len(images), -1).mean(1) * weights).sum()
            loss = loss + CHOICES[name] * parts[name]
        return loss, {name: float(part.detach()) for name, part in parts.items()}

    def _choices(self, names: Sequence[Tensor], facts: Sequence[Facts]) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Yield each choice: its name, the vectors to choose from, and which of them is right for each object."""
        vocabularies = (self.names.labels, self.names.colors, self.names.materials, pairs_of(facts))
        for column, (name, vectors, vocabulary) in enumerate(zip(CHOICES, names, vocabularies, strict=True)):
            position = {word: i for i, word in enumerate(vocabulary)}
            own = [f"{fact[1]} {fact[0]}" if name == "pair" else fact[column] for fact in facts]
            yield name, vectors, torch.tensor([position[word] for word in own])


def pairs_of(facts: Sequence[Facts]) -> list[str]:
    """Return every colour of the batch with every label of the batch, as phrases: "red chair"."""
    labels, colors = sorted({fact[0] for fact in facts if fact[0]}), sorted({fact[1] for fact in facts if fact[1]})
    return [f"{color} {label}" for color in colors for label in labels]
