"""Text, image or object in, ranked hits with their reasons out: start with searcher.py."""
