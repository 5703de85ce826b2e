"""Masks from a grid of clicks: what Semantic-SAM and the networks of Segment Anything share.

Points, filters and packed masks know nothing of the project but its numbers; only `adapter` does.
"""
