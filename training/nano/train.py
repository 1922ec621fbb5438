"""Training: Muon for the matrices, AdamW for the rest; a checkpoint every hundred steps, from which it goes on.

Two processes of one thread each take half of every batch: on two cores that is 1.4 times as fast as one of two threads.
"""

from __future__ import annotations

import shutil
import time
from itertools import islice
from pathlib import Path
from threading import Barrier
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.multiprocessing import get_context, spawn

from training.nano.data import batches
from training.nano.model import Nano, Shape
from training.nano.muon import Muon
from training.nano.tokens import NANO, OTHERS, PADDING, Labeller

SEED = 1
STEPS = 9000
WORKERS = 2
TOKENS_PER_BATCH = 5120
WARM_UP = 50
MUON_RATE, ADAM_RATE = 0.02, 1e-2
OTHERS_PART, OTHERS_WEIGHT = 0.2, 0.2
"""What the user and the tools say counts a little: it teaches how text goes on."""
CHECKPOINT_EVERY = 100


def train(folder: Path, shape: Shape, steps: int = STEPS) -> tuple[Nano, list[str]]:
    """Trains, or goes on training, in `folder`; the finished network and what was printed on the way."""
    torch.manual_seed(SEED)
    # All workers learn with one network, in shared memory, and each sees to a part of its weights.
    nano = Nano(shape).share_memory()
    momenta = [torch.zeros_like(matrix).share_memory_() for matrix in _matrices(nano)]
    gradients = torch.zeros(WORKERS, sum(weight.numel() for weight in nano.parameters())).share_memory_()
    all_here = get_context("spawn").Barrier(WORKERS)
    spawn(_work, (folder, nano, momenta, gradients, steps, all_here, faster_type()), nprocs=WORKERS)
    saved = torch.load(folder / "checkpoint.pt")
    nano.load_state_dict(saved["nano"])
    return nano, saved["log"]


def faster_type() -> torch.dtype:
    """Bfloat16 where the processor has instructions for it; elsewhere it takes ten times as long."""
    seconds = dict[torch.dtype, float]()
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.ones(512, 512, dtype=dtype)
        matrix @ matrix
        started = time.monotonic()
        for _ in range(5):
            matrix @ matrix
        seconds[dtype] = time.monotonic() - started
    return min(seconds, key=seconds.__getitem__)


def _work(
    rank: int,
    folder: Path,
    nano: Nano,
    momenta: list[Tensor],
    gradients: Tensor,
    steps: int,
    all_here: Barrier,
    dtype: torch.dtype,
) -> None:
    """The first worker also keeps the checkpoint."""
    torch.set_num_threads(1)
    optimizers = _optimizers(nano, momenta, rank)
    checkpoint, step, spent, log = folder / "checkpoint.pt", 0, 0.0, list[str]()
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        step, spent, log = saved["step"], saved["spent"], saved["log"]
        if rank == 0:
            nano.load_state_dict(saved["nano"])
            optimizers[-1].load_state_dict(saved["adam"])
            for momentum, kept in zip(momenta, saved["momenta"], strict=True):
                momentum.copy_(kept)
    if step >= steps:
        return
    if shutil.which("g++"):  # A quarter faster with a compiler.
        for layer in nano.layers:
            layer.compile(dynamic=True)
    endless, losses = batches(Labeller(folder / "tokenizer.json"), SEED, TOKENS_PER_BATCH), list[float]()
    for _ in range(step):
        next(endless)
    all_here.wait()
    started = time.monotonic() - spent
    for ids, speakers in islice(endless, steps - step):
        torch.manual_seed(SEED + step)
        losses.append(_learn(nano, ids[rank::WORKERS], speakers[rank::WORKERS], dtype))
        _share(nano, gradients, rank, all_here)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * min((step + 1) / WARM_UP, 1) * (1 - step / steps)
            optimizer.step()
        nano.zero_grad()
        all_here.wait()
        step += 1
        if rank == 0 and (step % CHECKPOINT_EVERY == 0 or step == steps):
            spent = time.monotonic() - started
            log.append(f"step {step} of {steps}, loss {sum(losses) / len(losses):.4f}, {spent / 60:.1f} minutes")
            print(f"{log[-1]}, {spent * (steps - step) / step / 60:.1f} to go", flush=True)
            losses.clear()
            _save(
                checkpoint,
                nano=nano.state_dict(),
                momenta=momenta,
                adam=optimizers[-1].state_dict(),
                step=step,
                spent=spent,
                log=log,
            )


def _matrices(nano: Nano) -> list[Tensor]:
    return [weight for weight in nano.layers.parameters() if weight.ndim == 2]


def _optimizers(nano: Nano, momenta: list[Tensor], rank: int) -> list[Any]:
    """Muon for this worker's share of the matrices; for the first worker also AdamW, the last one, for all the rest."""
    matrices = _matrices(nano)
    optimizers: list[Any] = [Muon(matrices[rank::WORKERS], momenta[rank::WORKERS], MUON_RATE)]
    if rank == 0:
        others = [weight for weight in nano.parameters() if not any(weight is matrix for matrix in matrices)]
        optimizers.append(torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers


def _learn(nano: Nano, ids: Tensor, speakers: Tensor, dtype: torch.dtype) -> float:
    """Adds up the gradients; the loss on what Nano is to say."""
    targets, said_by = ids[:, 1:].flatten(), speakers[:, 1:].flatten()
    mine, others = said_by == NANO, (said_by == OTHERS) & (targets != PADDING)
    # Of what others say a part is enough, and the scores are the dearest thing to compute.
    counted = mine | (others & (torch.rand(mine.shape) < OTHERS_PART))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = nano.logits(nano(ids[:, :-1]).flatten(0, 1)[counted])
    losses = F.cross_entropy(logits.float(), targets[counted], reduction="none")
    mine = mine[counted]
    # A short answer is one answer, like a long one: between counting tokens and counting answers.
    each = (speakers == NANO).sum(1, keepdim=True).clamp(min=1).float().rsqrt().expand(-1, ids.shape[1] - 1)
    weights = each.flatten()[counted] * torch.where(mine, 1.0, OTHERS_WEIGHT)
    (losses * weights).sum().div(weights.sum()).backward()
    return float(losses.detach()[mine].mean())


def _share(nano: Nano, gradients: Tensor, rank: int, all_here: Barrier) -> None:
    """Every worker goes on with the mean of all gradients. `gradients`: (workers, parameters), in shared memory."""
    weights = list(nano.parameters())
    gradients[rank] = torch.cat([_gradient(weight).flatten() for weight in weights])
    all_here.wait()
    parts = gradients.mean(0).split([weight.numel() for weight in weights])
    for weight, part in zip(weights, parts, strict=True):
        weight.grad = part.view_as(weight)
    torch.nn.utils.clip_grad_norm_(weights, 1.0)


def _gradient(weight: Tensor) -> Tensor:
    assert weight.grad is not None
    return weight.grad


def _save(path: Path, **progress: Any) -> None:
    scratch = path.with_suffix(".new")
    torch.save(progress, scratch)
    scratch.replace(path)
