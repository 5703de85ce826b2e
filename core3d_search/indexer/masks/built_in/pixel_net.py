"""The pixel network of the built-in masks: RGB-D to places, where the pixels of one thing lie together."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import safetensors.numpy
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core3d_search.datatypes import Floats
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.frame_surfaces import FrameSurfaces
from core3d_search.indexer.planes import Structure


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
LONGEST_PX = 480
"""Pixels: the network was trained on images with this longest side and sees larger ones scaled down."""
RELIEF = ((2.0, 60), (8.0, 15))
"""Pixels, and gain: inverse depth, linear over any plane in view, is compared with its mean so far around."""
FLUSH_M = 0.05
"""Metres from a structure plane over which nearness falls to 1 / e."""


def network_input(frame: Frame, surfaces: FrameSurfaces) -> npt.NDArray[np.float32]:
    """Return (H, W, 11) what the network sees of `frame`, all within -1 to 1; zeros where there is no depth."""
    seen = np.empty((*frame.depth.shape, InputChannel.COUNT), np.float32)
    np.divide(frame.rgb, np.float32(127.5), out=seen[..., InputChannel.COLOR])
    seen[..., InputChannel.COLOR] -= 1
    seen[..., InputChannel.INVERSE_DEPTH] = surfaces.inverse / 2
    seen[..., InputChannel.HAS_DEPTH] = surfaces.valid
    level = _gravity_axes(surfaces.structure.up).astype(np.float32)
    np.matmul(surfaces.normals, level.T, out=seen[..., InputChannel.RIGHT : InputChannel.UP + 1])
    seen[..., InputChannel.RELIEF] = np.stack(_relief(surfaces.inverse, surfaces.valid), axis=-1)
    if len(surfaces.off_planes):
        near = np.exp(surfaces.off_planes.min(axis=0) * np.float32(-1 / FLUSH_M))
        seen[..., InputChannel.NEARNESS] = near * surfaces.valid
    else:
        seen[..., InputChannel.NEARNESS] = 0
    return np.clip(seen, -1, 1, out=seen)


def _gravity_axes(up: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (3, 3) the camera's directions right, ahead and up, level with the ground, in its own axes."""
    ahead = np.array([0, 0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:  # the camera looks straight up or down
        ahead = -np.sign(up[2]) * (np.array([0, -1.0, 0]) + up[1] * up)
    ahead /= np.linalg.norm(ahead)
    return np.stack([np.cross(ahead, up), ahead, up])


def _relief(inverse: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.float32]]:
    """Return two images (H, W): how far inverse depth (H, W) strays from its mean around, over two reaches."""
    from scipy.ndimage import gaussian_filter

    found = []
    for reach_px, gain in RELIEF:
        known, have = (gaussian_filter(image, reach_px) for image in (inverse, valid.astype(np.float32)))
        mean = np.maximum(known / np.maximum(have, 1e-3), 1e-3)
        found.append(np.where(valid, (inverse / mean - 1) * np.float32(gain), np.float32(0)))
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

    def embed(self, frame: Frame, structure: Structure | None) -> PixelPlaces:
        """Return the places of the pixels of `frame`."""
        small = frame.fitted(LONGEST_PX)
        surfaces = FrameSurfaces.of(small, structure, smooth=False)  # as it was trained
        x = torch.from_numpy(network_input(small, surfaces)).permute(2, 0, 1)[None]
        height, width = x.shape[2:]
        x = functional.pad(x, (0, -width % 32, 0, -height % 32))
        with torch.inference_mode():
            found = self._net(x.to(self._device, self._dtype, memory_format=torch.channels_last)).float().contiguous()
            found = functional.interpolate(found, scale_factor=2, mode="bilinear", align_corners=False)
            found = found[:, :, :height, :width]
            if small is not frame:
                found = functional.interpolate(found, frame.depth.shape, mode="bilinear", align_corners=False)
            change = torch.maximum(*(_change(found[0, :DIMENSION], axis) for axis in (1, 2)))
        values = np.ascontiguousarray(found[0].permute(1, 2, 0).cpu().numpy())
        values[..., DIMENSION] = 1 / (1 + np.exp(-values[..., DIMENSION]))
        return PixelPlaces(values, change.cpu().numpy())


@dataclass(frozen=True, eq=False)
class PixelPlaces:
    """What the network says of each pixel: `values` (H, W, 13) float32 its place, and the probability that it shows
    floor, wall or ceiling; `change` (H, W) float32 the probability that its neighbours, across it, show two things."""

    values: npt.NDArray[np.float32]
    change: npt.NDArray[np.float32]

    @property
    def places(self) -> npt.NDArray[np.float32]:
        """(H, W, 12): how far apart two pixels' places are says whether they show one thing, see `difference`."""
        return self.values[..., :DIMENSION]

    @property
    def structure(self) -> npt.NDArray[np.float32]:
        """(H, W) the probability that a pixel shows floor, wall or ceiling."""
        return self.values[..., DIMENSION]


def _change(places: Tensor, axis: int) -> Tensor:
    """Return (H, W) the probability that the neighbours of a pixel along `axis` show two things, of `places`
    (12, H, W); 0 at the border, where there is one neighbour only."""
    count = places.shape[axis]
    apart = (places.narrow(axis, 2, count - 2) - places.narrow(axis, 0, count - 2)).square().sum(0)
    return functional.pad(torch.tanh(apart / 2), (0, 0, 1, 1) if axis == 1 else (1, 1, 0, 0))


def _fastest_precision(device: str) -> torch.dtype:
    """Return bfloat16 where the processor multiplies it itself, in less than half the time; else float32.

    On four rooms that were not trained on, as many pairs of pixels were told rightly by either (within 0.0001).
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

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 13, H / 2, W / 2) places, and the log odds of structure behind them."""
        found = self.features(x)
        return torch.cat([self.place(found), self.structure(found)], 1)


def _convolution(wide: int, wider: int, size: int, stride: int) -> nn.Sequential:
    padding = (size - stride + 1) // 2
    return nn.Sequential(
        nn.Conv2d(wide, wider, size, stride, padding, bias=False), nn.BatchNorm2d(wider), nn.ReLU(inplace=True)
    )


def _block(wide: int, wider: int) -> nn.Sequential:
    return nn.Sequential(_convolution(wide, wider, 3, 1), _convolution(wider, wider, 3, 1))
