"""Other people's 3D models: read from their files, named, measured in metres, rendered by ray casting."""
