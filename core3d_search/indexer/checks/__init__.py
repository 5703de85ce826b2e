"""Tells whether a scan agrees with itself, and what is wrong with one that does not."""
