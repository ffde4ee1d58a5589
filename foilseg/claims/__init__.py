"""The 25 claims of the thesis as predicates."""
