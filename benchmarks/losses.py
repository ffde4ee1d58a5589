"""Focal loss against cross entropy, in time and memory (forward and backward).

python -m benchmarks.losses [--rounds N]
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from benchmarks import measuring
from foilseg.networks import losses

SHAPES = {"base 8": (4, 5, 128, 128), "base 32": (8, 5, 256, 256)}
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "torch cross entropy": lambda z, t: functional.cross_entropy(z.float(), t.long()),
    "cross entropy": losses.cross_entropy,
    "focal": losses.focal,
    "torch cross entropy, weights": lambda z, t: functional.cross_entropy(
        z.float(), t.long(), torch.ones(5)
    ),
    "focal, weights": lambda z, t: losses.focal(z, t, weights=torch.ones(5)),
}


def peak(work: Callable[[], None]) -> int:
    """Largest sum of the tensors' bytes that are allocated while the work runs."""
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace:
        work()
    now = most = 0
    for event in trace.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    print(measuring.machine())
    for name, shape in SHAPES.items():
        for dtype in (torch.float32, torch.bfloat16):
            logits = torch.randn(shape).to(dtype, memory_format=torch.channels_last)
            logits.requires_grad_()
            target = torch.randint(0, 5, (shape[0], *shape[2:]), dtype=torch.uint8)

            def work(loss, logits=logits, target=target) -> None:
                loss(logits, target).backward()
                logits.grad = None

            works = {k: (lambda f=f, w=work: w(f)) for k, f in LOSSES.items()}
            seconds = measuring.in_turns(works, rounds)
            memory = {k: peak(w) for k, w in works.items()}
            base = "torch cross entropy"
            print(f"{name} {tuple(shape)} {dtype}: time and memory over {base}, wanted <= 1.5")
            for k in LOSSES:
                share = measuring.ratio(seconds[k], seconds[base])
                print(f"  {k:28} {share:32} memory {memory[k] / memory[base]:.2f}")


if __name__ == "__main__":
    main()
