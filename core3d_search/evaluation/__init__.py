"""Published protocols on published data, and on rooms that are exactly known: docs/evaluation.md."""
