"""Semantic-SAM in pure PyTorch: class-agnostic masks at six granularities from clicks. Self-contained."""
