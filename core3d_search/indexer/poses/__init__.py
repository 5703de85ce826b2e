"""Finds the poses of an RGB-D recording that has none, from its images alone."""

POSES_BY = "odometry/1"
"""Goes into the fingerprint of a scene whose poses are estimated: another method, another result."""
