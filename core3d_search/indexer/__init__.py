"""The perception pipeline of one scene: a scan in, objects out."""
