"""The pixel network of the built-in masks: RGB-D to places, where the pixels of one thing lie together."""

from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import safetensors.numpy
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core3d_search.datatypes import Floats
from core3d_search.indexer.masks.built_in.working_image import HALF, WorkingImage


class InputChannel:
    """Channels of the network's input, in their order."""

    COLOR = slice(0, 3)
    """Red, green, blue."""
    INVERSE_DEPTH = 3
    HAS_DEPTH = 4
    RIGHT, AHEAD, UP = 5, 6, 7
    """Of the surface normal, level with the ground."""
    RELIEF = slice(8, 10)
    """Fine and coarse."""
    NEARNESS = 10
    """Of a structure plane."""
    COUNT = 11


DIMENSION = 12
"""Of the space in which pixels of one thing lie together."""
WIDTHS = (24, 40, 64, 96, 128)
"""Channels at a half, quarter, ... of the image's sides."""
RELIEF = ((1.0, 60), (4.0, 15))
"""Pixels at half size, and gain: inverse depth, linear over any plane in view, is compared with its mean so far
around."""
FLUSH_M = 0.05
"""Metres from a structure plane over which nearness falls to 1 / e."""


def network_input(image: WorkingImage) -> npt.NDArray[np.float32]:
    """Return (11, H, W) what the network sees of `image`, all within -1 to 1; zeros where there is no depth."""
    found = np.empty((InputChannel.COUNT, *image.full_depth.shape), np.float32)
    np.multiply(np.moveaxis(image.rgb, -1, 0), np.float32(1 / 127.5), out=found[InputChannel.COLOR])
    found[InputChannel.COLOR] -= 1
    inverse = np.where(image.valid, 1 / np.maximum(image.depth, np.float32(0.1)), np.float32(0))
    full_inverse: npt.NDArray[np.float32] = np.reciprocal(np.maximum(image.full_depth, np.float32(0.1)))
    np.copyto(full_inverse, _doubled(inverse), where=image.full_depth <= 0)
    valid = image.valid.repeat(HALF, axis=0).repeat(HALF, axis=1)
    np.multiply(full_inverse, np.float32(0.5), out=found[InputChannel.INVERSE_DEPTH])
    found[InputChannel.HAS_DEPTH] = 1
    for axis, channel in enumerate((InputChannel.RIGHT, InputChannel.AHEAD, InputChannel.UP)):
        found[channel] = _doubled(image.normals[..., axis])
    found[InputChannel.RELIEF] = _relief(inverse, image.valid, full_inverse)
    found[InputChannel.NEARNESS] = 0
    if image.off_planes.shape[-1]:
        found[InputChannel.NEARNESS] = _doubled(np.exp(image.off_planes.min(axis=-1) / np.float32(-FLUSH_M)))
    found[InputChannel.INVERSE_DEPTH :] *= valid
    return np.clip(found, -1, 1, out=found)


def _relief(
    inverse: Floats, valid: npt.NDArray[np.bool_], full_inverse: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return (2, H, W) how far inverse depth, (h, w) and `full_inverse` (H, W), strays from its mean around."""
    from scipy.ndimage import gaussian_filter

    found = np.empty((len(RELIEF), *full_inverse.shape), np.float32)
    for relief, (reach_px, gain) in zip(found, RELIEF, strict=True):
        weight = gaussian_filter(valid.astype(np.float32), reach_px, truncate=3)
        mean = gaussian_filter(inverse, reach_px, truncate=3) / np.maximum(weight, np.float32(1e-3))
        np.divide(full_inverse, np.maximum(_doubled(mean), np.float32(1e-3)), out=relief)
        relief -= 1
        relief *= gain
    return found


def _doubled(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (2 h, 2 w) of `image` (h, w), whose pixels are every second one: between them stands their mean."""
    height, width = image.shape
    found = np.empty((HALF * height, HALF * width), np.float32)
    found[::2, ::2] = image
    np.add(image[:, :-1], image[:, 1:], out=found[::2, 1:-1:2])
    found[::2, 1:-1:2] *= 0.5
    found[::2, -1] = image[:, -1]
    np.add(found[:-2:2], found[2::2], out=found[1:-1:2])
    found[1:-1:2] *= 0.5
    found[-1] = found[-2]
    return found


class PixelEmbedder:
    """The trained network: frames to the place of each pixel."""

    def __init__(self, weights: bytes, device: str | None = None) -> None:
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        arrays = safetensors.numpy.load(weights)
        net = PixelNet()
        net.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        self._dtype = _fastest_precision(self._device)
        self._net = net.eval().folded().to(self._device, self._dtype, memory_format=torch.channels_last)

    def embed(self, image: WorkingImage) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return places (h, w, 12): how far apart two pixels' places are says whether they show one thing, see
        `difference`; and (h, w) the probability that a pixel shows floor, wall or ceiling.
        """
        height, width = image.depth.shape
        x = torch.from_numpy(network_input(image))[None].to(self._device, self._dtype)
        x = functional.pad(x, (0, -x.shape[3] % 32, 0, -x.shape[2] % 32)).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            places, structure = self._net(x)
        own = places[0, :, :height, :width].permute(1, 2, 0).float().contiguous().cpu().numpy()
        return own, structure[0, 0, :height, :width].float().sigmoid().cpu().numpy()


def _fastest_precision(device: str) -> torch.dtype:
    """Return bfloat16 where the processor multiplies it itself, in half the time; else float32.

    Halves of float32 carry over what was seen of the places, 0.001 of the pairs of pixels being told otherwise.
    """
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    if device == "cpu" and supported is not None and supported():
        return torch.bfloat16
    return torch.float32


def difference(squared_distance: Floats) -> Floats:
    """Return the probability that two pixels whose places are so far apart show two things.

    1 - 2 / (1 + exp(d^2)), the metric of Fathi et al. 2017 (arXiv 1703.10277, equation 1), by which the network was
    trained.
    """
    return np.tanh(squared_distance / 2)


class PixelNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015) at half the image's sides, 0.97 million numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(InputChannel.COUNT, WIDTHS[0], 4, 2)
        self.down = nn.ModuleList(_block(a, b) for a, b in pairwise((WIDTHS[0], *WIDTHS)))
        self.up = nn.ModuleList(_block(a + b, a) for a, b in pairwise(WIDTHS))
        self.place = nn.Conv2d(WIDTHS[0], DIMENSION, 1)
        self.structure = nn.Conv2d(WIDTHS[0], 1, 1)

    def folded(self) -> PixelNet:
        """Return this network, in evaluation mode, with every batch norm folded into its convolution."""
        net = copy.deepcopy(self)
        for part in net.modules():
            if isinstance(part, nn.Sequential) and isinstance(part[0], nn.Conv2d):
                part[0], part[1] = fuse_conv_bn_eval(part[0], part[1]), nn.Identity()
        return net

    def features(self, x: Tensor) -> Tensor:
        """Return (N, 24, H / 2, W / 2) of `x` (N, 11, H, W), sides multiples of 32."""
        x = self.stem(x)
        levels = []
        for number, block in enumerate(self.down):
            x = block(x if number == 0 else functional.max_pool2d(x, 2))
            levels.append(x)
        for number in reversed(range(len(self.up))):
            wide = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.up[number](torch.cat([levels[number], wide], 1))
        return x

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return places (N, 12, H / 2, W / 2) and log odds of structure (N, 1, H / 2, W / 2)."""
        found = self.features(x)
        return self.place(found), self.structure(found)


def _convolution(wide: int, wider: int, size: int, stride: int) -> nn.Sequential:
    padding = (size - stride + 1) // 2
    return nn.Sequential(
        nn.Conv2d(wide, wider, size, stride, padding, bias=False), nn.BatchNorm2d(wider), nn.ReLU(inplace=True)
    )


def _block(wide: int, wider: int) -> nn.Sequential:
    return nn.Sequential(_convolution(wide, wider, 3, 1), _convolution(wider, wider, 3, 1))
