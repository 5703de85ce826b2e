"""What a reader, a mask generator, an encoder or a vector index must pass: inherit a contract, give its fixtures.

Ours inherit them too. Needs pytest, which the extra `test` installs; nothing else in the package imports this folder.
"""

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in ("encoders", "masks", "readers", "vectors")))

from core3d_search.testing.encoders import EncoderContract  # noqa: E402
from core3d_search.testing.masks import MaskGeneratorContract  # noqa: E402
from core3d_search.testing.readers import ReaderContract  # noqa: E402
from core3d_search.testing.vectors import VectorIndexContract  # noqa: E402

__all__ = ["EncoderContract", "MaskGeneratorContract", "ReaderContract", "VectorIndexContract"]
