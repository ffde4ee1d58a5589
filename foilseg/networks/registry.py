"""The losses, networks and starts that a row of the table of models or a profile can name.

Adding one is an entry here, the definition it names, and its test.
"""

from __future__ import annotations

from dataclasses import dataclass

from foilseg.registry import Entry


@dataclass(frozen=True)
class LossEntry:
    """A loss in its two forms.

    Attributes
    ----------
    multi_class : ``loss(logits, target, gamma=, weights=, normaliser=)`` for a logit a class.
    one_vs_rest : the same for a single logit a pixel and a target of 0 and 1.
    """

    multi_class: Entry
    one_vs_rest: Entry


def _loss(module: str, name: str) -> LossEntry:
    """A loss whose binary form has the same name behind ``binary_``."""
    return LossEntry(Entry(module, name), Entry(module, f"binary_{name}"))


LOSSES = {
    "focal": _loss("networks.losses", "focal"),  # with gamma 0 it is cross entropy
    "logit_adjusted": _loss("networks.losses", "logit_adjusted"),
    "dice_cross_entropy": _loss("networks.region_losses", "dice_cross_entropy"),
    "tversky": _loss("networks.region_losses", "tversky"),
    "focal_tversky": _loss("networks.region_losses", "focal_tversky"),
    "lovasz": _loss("networks.region_losses", "lovasz"),
    "unified_focal": _loss("networks.region_losses", "unified_focal"),
    "class_wise": _loss("networks.class_wise", "class_wise"),
    "forward_corrected": _loss("networks.label_noise", "forward_corrected"),
}

# what a summed loss is divided by
NORMALISERS = ("pixels", "weights")

# name -> class: a torch module, made with channels_in, channels_out and base, that takes images
# (N, C, H, W) of any size and gives logits (N, channels_out, H, W). Its attributes: channels_in;
# grid, the pixels that a tile has to begin on multiples of; halo, a multiple of the grid, the
# margin that makes the logits of a tile those of the whole image.
NETWORKS = {
    "unet": Entry("networks.unet", "UNet"),
    "unet-mirrored": Entry("networks.together", "Mirrored"),
    "committee": Entry("networks.together", "Committee"),
}

# The networks that predict by several opinions and are trained by one at a time -> how many.
OPINIONS = {"unet-mirrored": 4, "committee": 4}

# name -> what a new network is given before it learns:
# start(network, training pixels of each class, class of a One-vs-Rest network or None)
STARTS = {
    "priors": Entry("networks.starts", "at_priors"),
    "twin": Entry("networks.starts", "at_twin"),
}
