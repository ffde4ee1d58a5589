"""The printed tables of the thesis, and the audit of them."""
