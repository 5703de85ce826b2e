"""Checks one scene. `check_scene` is the table of contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.checks.faults import Fault, SceneCheck
from core3d_search.indexer.checks.registration import colour_shift
from core3d_search.indexer.checks.reprojection import Agreement, agreement, as_stored
from core3d_search.indexer.checks.sample import ANCHORS, Sample, take_sample
from core3d_search.indexer.checks.suspects import Suspect, best_suspect
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.planes import estimate_up
from core3d_search.indexer.readers.files import MissingFileError
from core3d_search.indexer.readers.images import DepthUnitError
from core3d_search.indexer.readers.posed_images import PosedImagesReader

QUICK_ANCHORS = 8
"""Anchors of the sample that `index` takes before it begins."""
AGREEING = 0.8
"""Part of what two frames both see that must agree. Measured: 0.93 to 0.98 on real and generated scans, 0.6 at most
on those made wrong."""
DISAGREEING = 0.7
"""Below this a scan is nonsense; between, it is told but indexed."""
BETTER = 0.08
"""Agreement by which a scan must be better without a suspect for the suspect to be named."""
LEAST_POINTS = 500
"""Points that two frames must both have seen, all pairs together, for a verdict."""
STILL_M, STILL_TURN = 1e-3, 1e-3
"""Metres and matrix entries within which all poses are one."""
UP_OFF_DEGREES = 25.0
SHIFT_SHARE, SHIFT_PEAK = 0.012, 6.0
"""Shift of colour against depth as a share of the width, and its peak: stock 7-Scenes stays below both."""
EMPTY_SHARE, EMPTY_FRAMES, ALL_EMPTY = 0.05, 0.3, 0.9
"""A frame with less depth than the first is empty; this part of the frames makes a fault, and this a scene of none."""


def check_scene(reader: SceneReader, *, quick: bool = False) -> SceneCheck:
    """Return what is wrong with a scene; `quick` looks at fewer frames and not at how colour lies on depth."""
    sample = take_sample(reader, QUICK_ANCHORS if quick else ANCHORS)
    checked = SceneCheck(str(reader.source), reader.format)
    if not len(sample):
        return replace(checked, faults=(_unreadable(reader, sample),))
    stored = agreement(sample, as_stored(sample))
    empty = list(_empty(sample))
    geometry = _geometry(reader, sample, stored) if not empty else []
    wrong = empty + geometry + list(_missing(sample))
    if not geometry and not empty:
        wrong += _up(reader, sample)
        wrong += [] if quick else _registration(sample)
    return replace(
        checked,
        faults=tuple(wrong),
        residual_m=stored.residual_m if stored.landed else None,
        residual_share=stored.residual_share if stored.landed else None,
        agreeing=stored.share if stored.landed else None,
        depth_range_m=_depth_range(sample),
    )


def refuse_nonsense(reader: SceneReader) -> SceneCheck:
    """Return the quick check of a scene; raises InputError with its text where it is nonsense."""
    checked = check_scene(reader, quick=True)
    bad = [fault for fault in checked.faults if fault.nonsense]
    if bad:
        told = "; ".join(f"{fault.code}: {fault.evidence}; {fault.fix}" for fault in bad)
        raise InputError(f"{reader.source} is not indexed, since {told} (--no-check indexes it all the same)")
    return checked


def _geometry(reader: SceneReader, sample: Sample, stored: Agreement) -> list[Fault]:
    """Return what is wrong with poses, depths and cameras, from how depths agree between frames."""
    if len(sample) < 2 or not (sample.depth > 0).any():
        return []
    if _still(sample.poses) and stored.share < AGREEING:
        return [
            Fault(
                "poses-constant",
                f"all {len(sample)} poses are the same, while only {stored.share:.0%} of the depths are",
                "the poses are placeholders: export those of the recording, or let --estimate-poses find them",
                {"estimate_poses": True} if isinstance(reader, PosedImagesReader) else {},
            )
        ]
    best = best_suspect(sample, _axes(reader))
    without, agreed = best if best else (None, stored)
    told = _told(stored)
    if without and agreed.share >= max(AGREEING, stored.share + BETTER) and agreed.landed >= LEAST_POINTS:
        return [
            _named(code, reader, without, f"{told}, but {agreed.share:.0%} with {without.words}")
            for code in without.codes
        ]
    if stored.landed < LEAST_POINTS:
        if stored.points < LEAST_POINTS or len(sample.pairs) < 2:
            return []
        return [_shuffled(sample, "no two frames see the same place", nonsense=False)]
    if stored.share < AGREEING:
        return [_shuffled(sample, told, nonsense=stored.share < DISAGREEING)]
    return []


def _told(stored: Agreement) -> str:
    return (
        f"seen from each other, frames agree on {stored.share:.0%} of their depths "
        f"(median difference {stored.residual_m:.2g} m, {stored.residual_share:.0%} of the depth)"
    )


def _named(code: str, reader: SceneReader, without: Suspect, evidence: str) -> Fault:
    """Return the fault of a suspect that was found, with the option that undoes it."""
    if code == "poses-inverted":
        inverted = not _inverts(reader)
        fix = "--invert-poses" if inverted else "leave out --invert-poses (or invert_poses in scene.json)"
        return Fault(code, evidence, fix, {"invert_poses": inverted})
    if code == "axes-opengl":
        axes = "opencv" if _axes(reader) == "opengl" else "opengl"
        return Fault(code, evidence, f"--camera-axes {axes}", {"camera_axes": axes})
    if code == "translation-scale":
        scale = without.pose_scale * (_settings_scale(reader) or 1.0)
        return Fault(code, evidence, f"--scale {scale:g}", {"scale": scale})
    if code == "depth-scale":
        return _depth_scale(reader, without.depth_factor, evidence)
    if code == "intrinsics":
        fix = f"the camera is that of another image: use {without.camera_words}"
        return Fault(code, evidence, fix)
    return Fault(code, evidence, "write the poses again with the 3x3 part transposed")


def _depth_scale(reader: SceneReader, factor: float, evidence: str) -> Fault:
    """Return the fault of depths that must be multiplied with `factor`."""
    if not isinstance(reader, PosedImagesReader):
        return Fault("depth-scale", evidence, f"multiply the depths with {factor:g}")
    units = reader.units_per_metre / factor
    return Fault("depth-scale", evidence, f"--depth-scale {units:g}", {"depth_scale": units})


def _shuffled(sample: Sample, told: str, *, nonsense: bool) -> Fault:
    """Return the fault of poses that are those of other images, as far as can be told."""
    jump, nearest = _jumps(sample)
    more = f"; from image to image the camera jumps {jump:.2g} m, where the nearest other pose is {nearest:.2g} m away"
    return Fault(
        "poses-shuffled",
        told + (more if jump > 2 * nearest else "; no usual reading of the poses does better"),
        "poses and images do not belong together: check their order, their numbering and their times",
        nonsense=nonsense,
    )


def _jumps(sample: Sample) -> tuple[float, float]:
    """Return the median distance to the next frame's camera, and to the nearest camera of any frame, in metres."""
    places = sample.poses[:, :3, 3]
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(apart, np.inf)
    return float(np.median(np.diag(apart, 1))), float(np.median(apart.min(axis=1)))


def _still(poses: npt.NDArray[np.float64]) -> bool:
    spread = np.ptp(poses, axis=0)
    return bool(spread[:3, 3].max() < STILL_M and spread[:3, :3].max() < STILL_TURN)


def _missing(sample: Sample) -> Iterator[Fault]:
    """Yield the fault of frames that cannot be read because files are not there."""
    missing = {position: error for position, error in sample.unread.items() if isinstance(error, MissingFileError)}
    if missing:
        first = min(missing)
        yield Fault(
            "missing-files",
            f"{len(missing)} of {sample.tried} frames lack a file, the first is frame {first}: {missing[first]}",
            "copy or export the scan again; frames that lack a file are skipped",
            nonsense=len(missing) > sample.tried / 2,
        )


def _unreadable(reader: SceneReader, sample: Sample) -> Fault:
    """Return the fault of a scene of which no frame can be read."""
    errors = list(sample.unread.values())
    units = [error for error in errors if isinstance(error, DepthUnitError)]
    if units and len(units) > len(errors) / 2:
        median = float(np.median([error.median_m for error in units]))
        factor = 10.0 ** np.round(np.log10(2.0 / median))
        return _depth_scale(reader, float(factor), f"the median depth would be {median:.3g} m")
    first = errors[0] if errors else "it has no frames"
    return Fault("missing-files", f"no frame can be read; the first: {first}", "copy or export the scan again")


def _empty(sample: Sample) -> Iterator[Fault]:
    """Yield the fault of frames without depth."""
    valid = (sample.depth > 0).mean(axis=(1, 2))
    empty = float((valid < EMPTY_SHARE).mean())
    if empty > EMPTY_FRAMES:
        yield Fault(
            "empty-depth",
            f"{empty:.0%} of the frames have depth at less than {EMPTY_SHARE:.0%} of their pixels",
            "export the depth images again; without depth nothing can be placed",
            nonsense=empty >= ALL_EMPTY,
        )


def _up(reader: SceneReader, sample: Sample) -> list[Fault]:
    """Return the fault of a declared up that is not the floor's."""
    if reader.up is None:
        return []
    found = estimate_up(sample.frames)
    off = float(np.degrees(np.arccos(np.clip(found @ reader.up, -1, 1))))
    if off < UP_OFF_DEGREES:
        return []
    axis = int(np.abs(found).argmax())
    sign = float(np.sign(found[axis]))
    along = np.eye(3)[axis] * sign
    aligned = bool(found @ along > np.cos(np.radians(10)))
    value = tuple((along if aligned else found).tolist())
    text = ("-" if sign < 0 else "") + "xyz"[axis] if aligned else ",".join(f"{part:.3f}" for part in value)
    evidence = (
        f"floor and walls say that up is {np.round(found, 2).tolist()}, {off:.0f} degrees from {reader.up.tolist()}"
    )
    return [Fault("up", evidence, f"--up={text}", {"up": value}, nonsense=False)]


def _registration(sample: Sample) -> list[Fault]:
    """Return the fault of colour that lies beside depth."""
    shift = colour_shift(sample.frames)
    if shift.peak < SHIFT_PEAK or max(abs(shift.right), abs(shift.down)) < SHIFT_SHARE:
        return []
    width = sample.frames[0].depth.shape[1]
    return [
        Fault(
            "registration",
            f"edges of colour lie {shift.right:+.1%} to the right and {shift.down:+.1%} below those of depth, "
            f"as shares of the width ({shift.right * width:+.0f}, {shift.down * width:+.0f} pixels of {width})",
            "register depth to colour when the scan is exported (an 'aligned' stream)",
            nonsense=False,
        )
    ]


def _depth_range(sample: Sample) -> tuple[float, float] | None:
    depth = sample.depth[sample.depth > 0]
    if not len(depth):
        return None
    low, high = np.percentile(depth, [5, 95])
    return float(low), float(high)


def _axes(reader: SceneReader) -> str:
    if isinstance(reader, PosedImagesReader):
        return reader.settings.options.camera_axes or reader.usual_axes
    return reader.options.camera_axes or "opencv"


def _inverts(reader: SceneReader) -> bool:
    options = reader.settings.options if isinstance(reader, PosedImagesReader) else reader.options
    return bool(options.invert_poses)


def _settings_scale(reader: SceneReader) -> float | None:
    options = reader.settings.options if isinstance(reader, PosedImagesReader) else reader.options
    return options.scale
