"""What colour light gives to solids: bands for round ones, the angle to the sun for flat ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Face, Light

# A lit cylinder in three flat bands: size, shift towards the light, share of the sun; reads as round from afar.
BANDS = np.array([(1.0, 0.0, 0.28), (0.80, 0.14, 0.68), (0.50, 0.26, 1.04)])
_MEAN = 0.70  # the sun's share where one band stands for all three


def blob_shades(colours: Array, bands: NDArray[np.int_], light: Light) -> Array:
    """Colours [N, 3 bands, 3] of blobs whose own are `colours` [N, 3]; one with a single band has it first."""
    shades = colours[:, None] * (light.ambient + light.sun * BANDS[:, 2, None])
    single = bands == 1
    shades[single, 0] = colours[single] * (light.ambient + light.sun * _MEAN)
    return np.asarray(shades)


def face_shades(faces: Sequence[Face], middles: Array, camera: Camera, light: Light) -> tuple[NDArray[np.int_], Array]:
    """How each face at `middles` [F, 3] is turned to the camera (1: front, -1: back of a double-sided one, 0: unseen),
    and its colour [F, 3]."""
    if not faces:
        return np.zeros(0, dtype=int), np.zeros((0, 3))
    normals = np.array([f.normal for f in faces])
    to_camera = camera.position - middles
    facing = (normals * to_camera).sum(axis=1)
    side = np.where(facing > 0, 1, np.where([f.double_sided for f in faces], -1, 0))
    normals = normals * np.where(facing > 0, 1, -1)[:, None]
    up = normals[:, 2]
    lit = light.ambient + light.sun * np.maximum(0, normals @ light.direction) + 0.12 * up
    # Grazing views mirror the sky more (Schlick's approximation of Fresnel, exponent lowered for a soft finish).
    cosine = np.abs(facing) / (np.linalg.norm(to_camera, axis=1) + 1e-9)
    gloss = np.array([f.gloss for f in faces])
    mirror = (gloss * (0.25 + 0.75 * (1 - cosine) ** 3) * (0.5 + 0.5 * np.maximum(0, up)))[:, None]
    own = np.array([f.colour for f in faces])
    return side, own * lit[:, None] * (1 - mirror) + np.array(light.sky) * mirror
