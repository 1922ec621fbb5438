"""The steps of the training are those of PyTorch's Muon, but for what bfloat16 leaves out."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
muon = pytest.importorskip("training.nano.muon", reason="PyTorch is for training only")


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (24, 24)])
def test_a_matrix_is_made_nearly_orthogonal(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    made = muon.orthogonal(torch.randn(shape))
    values = torch.linalg.svdvals(made)
    assert made.shape == shape and values.min() > 0.5 and values.max() < 1.3


@pytest.mark.parametrize("shape", [(16, 40), (40, 16)])
def test_it_steps_as_pytorch_does(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    ours = torch.randn(shape, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    settings = {"lr": 0.02, "momentum": muon.MOMENTUM, "weight_decay": muon.WEIGHT_DECAY}
    steps = [muon.Muon([ours], [torch.zeros(shape)], 0.02), torch.optim.Muon([theirs], **settings)]
    for _ in range(5):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        before = theirs.detach().clone()
        for step in steps:
            step.step()
        assert (ours - theirs).norm() < 0.05 * (theirs - before).norm()
        theirs.data.copy_(ours.data)
