"""Colours of pictures, as a viewer with colour management shows them."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
SPACES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "Lab": "LAB"}  # and their modes
# As in a PNG's cHRM: x and y of white, red, green and blue.
SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
SRGB_GAMMA = 1 / 2.2
GAMMAS = (0.1, 10.0)  # outside of them a PNG's gamma is an error
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def to_srgb(picture: Image.Image) -> Image.Image:
    """A picture of any mode as RGB, on white.

    Colours are converted from the embedded profile, or from the gamma and primaries of
    a PNG. Browsers ignore a profile that is broken or for another colour space, and so
    does this.
    """
    colours, alpha = _split(picture)
    colours = _convert(colours, _profile(picture.info))
    if alpha is None:
        return colours
    white = Image.new("RGB", colours.size, "white")
    white.paste(colours, mask=alpha)
    return white


def _split(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours in mode L, RGB, CMYK or LAB, and alpha."""
    if picture.mode.startswith("I"):
        return _split_16_bits(picture)
    grey = picture.mode in ("1", "L", "LA", "La")
    if picture.has_transparency_data:
        layers = _as_mode(picture, "LA" if grey else "RGBA")
        return layers.convert("L" if grey else "RGB"), layers.getchannel("A")
    if picture.mode in ("CMYK", "LAB"):
        return picture, None
    return _as_mode(picture, "L" if grey else "RGB"), None


def _as_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Without the copy that Pillow makes of a picture that has the mode already."""
    return picture if picture.mode == mode else picture.convert(mode)


def _split_16_bits(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Pillow itself clips grey of 16 bits at 255, and so makes it white."""
    levels: npt.NDArray[np.integer[Any]] = np.asarray(picture)
    transparent = picture.info.get("transparency")
    alpha = None
    if transparent is not None:
        alpha = Image.fromarray(np.where(levels == transparent, 0, 255).astype("u1"))
    scaled = (np.clip(levels, 0, 65535).astype("u4") + 128) // 257
    return Image.fromarray(scaled.astype("u1")), alpha


def _profile(info: dict[str | tuple[int, int], Any]) -> ImageCms.ImageCmsProfile | None:
    """The profile embedded in a file, or as its other chunks describe it; or None."""
    embedded = info.get("icc_profile")
    if not embedded and "gamma" in info and "srgb" not in info:
        chromaticity = info.get("chromaticity", SRGB_CHROMATICITY)
        # Many programs write these two for sRGB, whose curve they only resemble.
        if not np.allclose(
            (info["gamma"], *chromaticity), (SRGB_GAMMA, *SRGB_CHROMATICITY), atol=1e-3
        ):
            embedded = matrix_profile(gamma=info["gamma"], chromaticity=chromaticity)
    if not embedded:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(embedded))
    except (OSError, ImageCms.PyCMSError):
        return None


def _convert(
    colours: Image.Image, profile: ImageCms.ImageCmsProfile | None
) -> Image.Image:
    if profile is None and colours.mode == "LAB":
        profile = LAB
    if profile is not None:
        space = SPACES.get(profile.profile.xcolor_space.strip(), "")
        described = _in_mode(colours, space)
        if described is not None:
            try:
                converted = ImageCms.profileToProfile(
                    described, profile, SRGB, outputMode="RGB"
                )
            except ImageCms.PyCMSError:
                converted = None
            if converted is not None:
                return converted
    return _as_mode(colours, "RGB")


def _in_mode(colours: Image.Image, mode: str) -> Image.Image | None:
    """`colours` in the mode that a profile describes; None if it is of another kind.

    Grey pixels may come as RGB and have a profile for grey, or the other way round.
    """
    if colours.mode == mode:
        return colours
    if (colours.mode, mode) == ("L", "RGB") or (
        (colours.mode, mode) == ("RGB", "L") and _is_grey(colours)
    ):
        return colours.convert(mode)
    return None


def _is_grey(colours: Image.Image) -> bool:
    red, green, blue = colours.split()
    return not any(
        ImageChops.difference(red, other).getbbox() for other in (green, blue)
    )


def matrix_profile(*, gamma: float, chromaticity: tuple[float, ...]) -> bytes:
    """An ICC profile of a display; empty if the numbers describe none.

    `gamma` and `chromaticity` are those of a PNG's gAMA and cHRM.
    """
    (white, *primaries) = (
        np.array([x / y, 1.0, (1 - x - y) / y]) if y else np.zeros(3)
        for x, y in zip(chromaticity[::2], chromaticity[1::2], strict=True)
    )
    matrix = np.array(primaries).T
    if not GAMMAS[0] <= gamma <= GAMMAS[1] or abs(np.linalg.det(matrix)) < 1e-6:
        return b""
    matrix = matrix * np.linalg.solve(matrix, white)
    to_d50 = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    red, green, blue = (np.linalg.inv(BRADFORD) @ to_d50 @ BRADFORD @ matrix).T
    curve = struct.pack(">4sIIHxx", b"curv", 0, 1, round(256 / gamma))
    return _icc(
        {b"wtpt": _xyz(D50), b"rXYZ": _xyz(red), b"gXYZ": _xyz(green)}
        | {b"bXYZ": _xyz(blue), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    )


def _xyz(values: npt.NDArray[np.float64]) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *(round(v * 65536) for v in values))


def _icc(tags: dict[bytes, bytes]) -> bytes:
    """A version 2 profile with these tags, which must be multiples of 4 bytes."""
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(body))
        data += body
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        *(start + len(data), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"),
        *(round(v * 65536) for v in D50),
    )
    return header + table + data
