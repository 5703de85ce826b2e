"""The end points, one subject a file; each takes what it needs from the request and asks the search layer."""
