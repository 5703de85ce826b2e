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
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import back_project, filled, normals, to_world


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


def network_input(frame: Frame, structure: Structure | None) -> npt.NDArray[np.float32]:
    """Return (11, H, W) what the network sees of `frame`, all within -1 to 1; zeros where there is no depth."""
    depth = filled(frame.depth)
    valid = depth > 0
    inverse = np.where(valid, 1 / np.maximum(depth, 0.1), 0).astype(np.float32)
    color = np.moveaxis(frame.rgb.astype(np.float32) / 127.5 - 1, -1, 0)
    facing = normals(depth, frame.intrinsics) @ _gravity_axes(frame, structure).T.astype(np.float32)
    near = np.zeros(depth.shape)
    if structure is not None and structure.planes:
        world = to_world(back_project(depth, frame.intrinsics), frame.world_from_camera)
        off = np.min([np.abs(world @ plane.normal - plane.offset) for plane in structure.planes], axis=0)
        near = np.where(valid, np.exp(-off / FLUSH_M), 0)
    shape = [inverse / 2, valid, *np.moveaxis(facing, -1, 0), *_relief(inverse, valid), near]
    clipped: npt.NDArray[np.float32] = np.clip(np.concatenate([color, np.stack(shape)]), -1, 1).astype(np.float32)
    return clipped


def _gravity_axes(frame: Frame, structure: Structure | None) -> npt.NDArray[np.float64]:
    """Return (3, 3) the camera's directions right, ahead and up, level with the ground, in its own frame."""
    turn = frame.world_from_camera[:3, :3]
    up = turn.T @ (-turn[:, 1] if structure is None else structure.up)
    ahead = np.array([0, 0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:  # the camera looks straight up or down
        ahead = -np.sign(up[2]) * (np.array([0, -1.0, 0]) + up[1] * up)
    ahead /= np.linalg.norm(ahead)
    return np.stack([np.cross(ahead, up), ahead, up])


def _relief(inverse: Floats, valid: npt.NDArray[np.bool_]) -> list[Floats]:
    """Return two images (H, W): how far inverse depth (H, W) strays from its mean around, over two reaches."""
    from scipy.ndimage import gaussian_filter

    found = []
    for reach_px, gain in RELIEF:
        mean = gaussian_filter(inverse, reach_px) / np.maximum(
            gaussian_filter(valid.astype(np.float32), reach_px), 1e-3
        )
        found.append(np.where(valid, (inverse / np.maximum(mean, 1e-3) - 1) * gain, 0))
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

    def embed(self, frame: Frame, structure: Structure | None) -> tuple[Floats, Floats]:
        """Return places (H, W, 12), float32: how far apart two pixels' places are says whether they show one thing, see
        `difference`; and (H, W) the probability that a pixel shows floor, wall or ceiling.
        """
        small = frame.fitted(LONGEST_PX)
        x = torch.from_numpy(network_input(small, structure))[None].to(self._device, self._dtype)
        height, width = x.shape[2:]
        x = functional.pad(x, (0, -width % 32, 0, -height % 32)).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            found = torch.cat(self._net(x), 1).float()
            found = functional.interpolate(found, scale_factor=2, mode="bilinear", align_corners=False)
            found = found[:, :, :height, :width]
            if small is not frame:
                found = functional.interpolate(found, frame.depth.shape, mode="bilinear", align_corners=False)
        values = np.ascontiguousarray(found[0].permute(1, 2, 0).cpu().numpy())
        return values[..., :-1], 1 / (1 + np.exp(-values[..., -1]))


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
