"""Training: Muon for the matrices, AdamW for the rest; a checkpoint every few minutes, from which it goes on."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from training.nano.data import batches
from training.nano.model import Nano, Shape
from training.nano.tokens import PADDING, Labeller

SEED = 1
STEPS = 4400
TOKENS_PER_BATCH = 8192
WARM_UP = 50
MUON_RATE, ADAM_RATE = 0.02, 1e-2
OTHERS_PART, OTHERS_WEIGHT = 0.2, 0.2
"""What the user and the tools say counts a little: it teaches how text goes on."""
CHECKPOINT_EVERY = 100


def train(folder: Path, shape: Shape, steps: int = STEPS) -> tuple[Nano, list[str]]:
    """Trains, or goes on training, in `folder`; the finished network and what was printed on the way."""
    torch.manual_seed(SEED)
    labeller = Labeller(folder / "tokenizer.json")
    nano = Nano(shape)
    optimizers = _optimizers(nano)
    checkpoint, step, spent, log = folder / "checkpoint.pt", 0, 0.0, list[str]()
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        nano.load_state_dict(saved["nano"])
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        step, spent, log = saved["step"], saved["spent"], saved["log"]
    if step >= steps:
        return nano, log
    endless, losses = batches(labeller, SEED, TOKENS_PER_BATCH), list[float]()
    for _ in range(step):
        next(endless)
    started = time.monotonic() - spent
    for ids, own in islice(endless, steps - step):
        torch.manual_seed(SEED + step)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * min((step + 1) / WARM_UP, 1) * (1 - step / steps)
        losses.append(_step(nano, optimizers, ids, own))
        step += 1
        if step % CHECKPOINT_EVERY == 0 or step == steps:
            spent = time.monotonic() - started
            log.append(f"step {step} of {steps}, loss {sum(losses) / len(losses):.4f}, {spent / 60:.1f} minutes")
            print(f"{log[-1]}, {spent * (steps - step) / step / 60:.1f} to go", flush=True)
            losses.clear()
            _save(checkpoint, nano, optimizers, {"step": step, "spent": spent, "log": log})
    return nano, log


def _optimizers(nano: Nano) -> list[Any]:
    matrices = [weight for weight in nano.layers.parameters() if weight.ndim == 2]
    others = [weight for weight in nano.parameters() if not any(weight is matrix for matrix in matrices)]
    optimizers: list[Any] = [
        torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers


def _step(nano: Nano, optimizers: list[Any], ids: Tensor, own: Tensor) -> float:
    """One batch; the loss on what Nano is to say."""
    targets, mine = ids[:, 1:].flatten(), own[:, 1:].flatten()
    # Of what others say a part is enough, and the scores are the dearest thing to compute.
    counted = (mine | (torch.rand(mine.shape) < OTHERS_PART)) & (targets != PADDING)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = nano.logits(nano(ids[:, :-1]).flatten(0, 1)[counted])
    losses = F.cross_entropy(logits.float(), targets[counted], reduction="none")
    mine = mine[counted]
    # A short answer is one answer, like a long one: between counting tokens and counting answers.
    each = own.sum(1, keepdim=True).clamp(min=1).float().rsqrt().expand(-1, ids.shape[1] - 1).flatten()[counted]
    weights = each * torch.where(mine, 1.0, OTHERS_WEIGHT)
    (losses * weights).sum().div(weights.sum()).backward()
    torch.nn.utils.clip_grad_norm_(nano.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return float(losses.detach()[mine].mean())


def _save(path: Path, nano: Nano, optimizers: list[Any], progress: dict[str, Any]) -> None:
    scratch = path.with_suffix(".new")
    torch.save(
        {
            "nano": nano.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            **progress,
        },
        scratch,
    )
    scratch.replace(path)
