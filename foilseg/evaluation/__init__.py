"""Masks and probabilities in, numbers out."""
