"""The one error tree: a message says what happened, where, and what to do next."""


class Core3DError(Exception):
    """Anything core3d refuses to do; the command line prints the message and exits with 1."""


class InputError(Core3DError):
    """A scene, frame, image or query that cannot be read as what it claims to be."""


class StoreError(Core3DError):
    """The database or its vector index cannot be opened, read or written."""


class NotFoundError(StoreError):
    """A scene or an object that is asked for is not in the database."""


class ModelError(Core3DError):
    """Weights that are missing, damaged, or of another model than the stored vectors."""


class MissingDependencyError(Core3DError):
    """An optional package or system library is absent; the message names the command that installs it."""
