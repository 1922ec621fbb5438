"""Muon, as in torch.optim, in the type of the weights: that one turns them in bfloat16, for which many processors have
no instructions, and then takes 17 to 19 times as long (AMD EPYC with AVX2)."""

from __future__ import annotations

import torch
from torch import Tensor

MOMENTUM, WEIGHT_DECAY = 0.95, 0.01
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the polynomial that brings singular values near to one in few steps (kellerjordan.github.io/posts/muon)."""
TURNS = 5


class Muon(torch.optim.Optimizer):
    """Each step of a matrix is its momentum, made nearly orthogonal. `momenta`: one for each of `matrices`."""

    def __init__(self, matrices: list[Tensor], momenta: list[Tensor], rate: float) -> None:
        super().__init__(matrices, {"lr": rate})
        self._momenta = momenta

    def step(self, closure: None = None) -> None:
        (group,) = self.param_groups
        with torch.no_grad():
            for matrix, momentum in zip(group["params"], self._momenta, strict=True):
                momentum.lerp_(matrix.grad, 1 - MOMENTUM)
                update = orthogonal(matrix.grad.lerp(momentum, MOMENTUM))
                rows, columns = matrix.shape
                matrix.mul_(1 - group["lr"] * WEIGHT_DECAY)
                matrix.add_(update, alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest orthogonal matrix (Newton and Schulz): singular values of 0.68 to 1.13 for a random one."""
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    a, b, c = COEFFICIENTS
    x = matrix / matrix.norm().clamp(min=1e-7)
    for _ in range(TURNS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x
