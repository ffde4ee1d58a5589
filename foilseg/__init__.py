"""foilseg: an executable thesis on severely imbalanced semantic segmentation.

Importing the package imports none of its modules: ``import foilseg`` costs nothing, and each of
``foilseg.data.dataset``, ``foilseg.networks.losses``, ... brings in only what it needs.
"""

__version__ = "0.1.0"
