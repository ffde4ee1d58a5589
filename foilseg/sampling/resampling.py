"""The resamplers (thesis 3.3 and 3.4.1): train sets with chosen shares of every class.

Each sampler has the form ``sampler(index, n, generator, **options) -> Plan``, so a table of
experiments can name one and its options as data; :data:`SAMPLERS` lists them.

The pool of a class is every safe window that shows it (:mod:`foilseg.sampling.pools`). With
``choice="window"`` each window of the pool is equally likely, as in the thesis: large defects and
regions with many of them are then drawn most. With ``choice="object"`` each defect is drawn
equally often, whatever its size, and with ``choice="image"`` each image that shows the class, and
then one of the windows (:mod:`foilseg.sampling.choices`). Images that are divided whole, many
small ones as a rule, are drawn by image unless something else is said.

No window comes twice in a plan, whatever class it was drawn for, while the pools it could come
from have others. The class with the smallest pool chooses first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foilseg.data.dataset import Dataset, rarest
from foilseg.registry import root_of
from foilseg.sampling.choices import CHOICES
from foilseg.sampling.equal_pixels import equal_pixels
from foilseg.sampling.pools import Index, check_labels
from foilseg.sampling.random_order import random_order
from foilseg.sampling.uniform import Plan, Request, check_count, plan_of, uniform


def standard(index: Index, n: int, generator: np.random.Generator) -> Plan:
    """The standard sampler, :func:`foilseg.sampling.uniform`, in the form of the others."""
    return uniform(index.regions, n, index.size, generator)


def proportions(
    index: Index,
    n: int,
    generator: np.random.Generator,
    shares: Mapping[int, float] | Sequence[float],
    choice: str = "window",
) -> Plan:
    """Patches in chosen proportions of the classes whose pools they are drawn from.

    Parameters
    ----------
    index : from :func:`foilseg.sampling.pools.build_index`.
    n : number of patches; 0 gives an empty plan.
    generator : from :func:`foilseg.sampling.uniform.rng`.
    shares : class -> share, or the shares of classes 0, 1, ...; only their ratios count. The
        numbers of patches are exact up to rounding by largest remainders, never random.
    choice : one of :data:`foilseg.sampling.choices.CHOICES`. The background has no objects.

    Raises
    ------
    ValueError
        If a share is negative or not finite or all are 0, if a class does not exist or has no
        window, or if ``choice`` is none of the above.
    """
    check_count(n)
    parts = _parts(n, _shares(index, shares))
    request = Request("proportions", patches=parts)
    jobs = [(label, False, count) for label, count in parts.items()]
    return _plan(index, jobs, generator, choice, request)


def equal_samples(
    index: Index,
    n: int,
    generator: np.random.Generator,
    labels: Sequence[int] | None = None,
    choice: str = "window",
) -> Plan:
    """Equally many patches for every defect class (thesis Table 3.3), or for ``labels``."""
    check_count(n)
    labels = check_labels(index, labels)
    return proportions(index, n, generator, dict.fromkeys(labels, 1.0), choice)


def oversampled(
    index: Index, n: int, generator: np.random.Generator, label: int, choice: str = "window"
) -> Plan:
    """Only patches that show one class (thesis Table 3.4, Oversampled Cavities)."""
    return proportions(index, n, generator, {label: 1.0}, choice)


def binary_balanced(
    index: Index, n: int, generator: np.random.Generator, label: int, share: float = 0.5,
    choice: str = "window",
) -> Plan:  # fmt: skip
    """Patches of which a share shows a class and the others do not (thesis 3.4.1).

    The others are uniform over all safe windows without the class, and ``drawn_for`` is -1 there.
    An odd patch goes to the class.

    Raises
    ------
    ValueError
        As :func:`proportions`; also if the share is outside [0, 1], or if it needs windows
        without the class where there are none.
    """
    check_count(n)
    check_labels(index, [label])
    if not 0 <= share <= 1:
        raise ValueError(f"share: {share} is outside [0, 1]")
    positive = int(np.ceil(n * share - 1e-9))
    if positive < n and index.pool_sizes[label] == index.first[1][-1]:
        raise ValueError(
            f"label: every window shows class {label}, so none is left for the other "
            f"{n - positive} patches; use share=1 or a smaller patch"
        )
    request = Request("binary_balanced", patches={label: positive})
    jobs = [(label, False, positive), (label, True, n - positive)]
    return _plan(index, jobs, generator, choice, request)


def forced(
    index: Index,
    n: int,
    generator: np.random.Generator,
    share: float = 1 / 3,
    choice: str = "window",
) -> Plan:
    """A share of the patches shows a defect, all defects equally often; the others are uniform.

    A forced one is a window that shows the class, chosen as ``choice`` says, so the defect lies
    anywhere in the patch: one that is always in the middle would be learned as such. As nnU-Net
    draws (doi 10.1038/s41592-020-01008-z), there with a third. The number of forced patches is
    rounded up. A forced window may come again among the others; a defect that no window shows has
    no part in them.

    Raises
    ------
    ValueError
        If the share is outside [0, 1], no class has a window, or ``choice`` does not exist.
    """
    check_count(n)
    if not 0 <= share <= 1:
        raise ValueError(f"share: {share} is outside [0, 1]")
    number = int(np.ceil(n * share - 1e-9))
    labels = [c for c in check_labels(index, None, need_pixels=False) if index.pool_sizes[c]]
    if number and not labels:
        raise ValueError("labels: no window shows a defect, so none can be forced")
    wanted = dict.fromkeys(labels, 1.0)
    shown = proportions(index, number, generator, wanted, choice) if number else None
    rest = uniform(index.regions, n - number, index.size, generator)
    parts = [rest] if shown is None else [shown, rest]
    columns = [
        np.concatenate([getattr(p, name) for p in parts]) for name in ("foil", "top", "left")
    ]
    drawn = [[] if shown is None else shown.drawn_for, np.full(n - number, -1)]
    request = Request("forced", patches=None if shown is None else shown.request.patches)
    order = generator.permutation(n)
    return plan_of(*columns, index.size, np.concatenate(drawn).astype(int), request).take(order)


def _shares(index: Index, shares) -> dict[int, float]:
    if not isinstance(shares, Mapping):
        shares = dict(enumerate(shares))
    values = np.array(list(shares.values()), float)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"shares: {shares} holds a negative or undefined share; use 0 or more")
    if values.sum() <= 0:
        raise ValueError(f"shares: {shares} sums to 0; give at least one class a share")
    check_labels(index, [label for label in shares if shares[label] > 0])
    check_labels(index, shares, need_pixels=False)
    return {int(label): share for label, share in shares.items() if share > 0}


def _parts(n: int, shares: dict[int, float]) -> dict[int, int]:
    """Whole numbers of patches in the ratio of the shares, by largest remainders."""
    exact = np.array(list(shares.values())) * (n / sum(shares.values()))
    parts = np.floor(exact + 1e-9).astype(int)
    for extra in np.argsort(parts - exact, kind="stable")[: n - parts.sum()]:
        parts[extra] += 1
    return dict(zip(shares, parts.tolist()))


def _plan(index: Index, jobs, generator, choice: str, request: Request) -> Plan:
    """Draw each job (class, whether absent, patches) and mix the order."""
    if choice not in CHOICES:
        raise ValueError(f"choice: {choice!r} is not one of {', '.join(CHOICES)}")
    total = sum(count for *_, count in jobs)
    numbers, drawn_for = [np.zeros(0, np.int64)], []
    for label, absent, count in sorted(jobs, key=lambda job: index.pool_sizes[job[0]]):
        used = np.concatenate(numbers)
        numbers.append(CHOICES[choice](index, label, absent, count, used, total, generator))
        drawn_for += [-1 if absent else label] * count
    order = generator.permutation(total)
    foil, top, left = index.place(np.concatenate(numbers)[order]).T
    return plan_of(foil, top, left, index.size, np.array(drawn_for, int)[order], request)


def nothing(data: Dataset, own: int | None) -> dict[str, Any]:
    """No option that depends on the data."""
    return {}


def by_division(data: Dataset, own: int | None) -> dict[str, Any]:
    """Each image that shows a class equally often where whole images are divided."""
    return {"choice": "image"} if data.parts else {}


def rarest_class(data: Dataset, own: int | None) -> dict[str, Any]:
    """The class with the fewest training pixels."""
    return {"label": rarest(data).index, **by_division(data, own)}


def own_class(data: Dataset, own: int | None) -> dict[str, Any]:
    """The class of the One-vs-Rest network."""
    return {"label": own, **by_division(data, own)}


@dataclass(frozen=True)
class Sampler:
    """A sampler and what a row of the table of models need not say about it.

    Attributes
    ----------
    draw : ``draw(index, n, generator, **options) -> Plan``.
    defaults : (data, class of the One-vs-Rest network or None) -> options.
    one_vs_rest : whether it is for One-vs-Rest networks only.
    """

    draw: Callable[..., Plan]
    defaults: Callable[[Dataset, int | None], dict[str, Any]] = nothing
    one_vs_rest: bool = False

    @property
    def roots(self) -> tuple[tuple[str, str], ...]:
        """Where its code begins, for :func:`foilseg.code_version.code_version`."""
        return root_of(self.draw), root_of(self.defaults)


# name -> sampler; a further one is an entry here, the function it names, and its test
SAMPLERS = {
    "uniform": Sampler(standard),
    "proportions": Sampler(proportions, by_division),
    "equal_samples": Sampler(equal_samples, by_division),
    "oversampled": Sampler(oversampled, rarest_class),
    "equal_pixels": Sampler(equal_pixels),
    "random_order": Sampler(random_order),
    "forced": Sampler(forced, by_division),
    "binary_balanced": Sampler(binary_balanced, own_class, one_vs_rest=True),
}
