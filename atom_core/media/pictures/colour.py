"""From the colours of a file to those of an ordinary screen: 8 bits, BT.709, gamma 2.4 (BT.1886), white at 203 nits.

Tags decide. Without them players take pictures that are HD for BT.709, smaller ones for BT.601, and so does this. HDR
is brought to SDR as BT.2390 describes it: PQ and HLG become light (BT.2100; HLG as on a screen of 1,000 nits), the
largest of the three colours is rolled off by the curve of BT.2390 (5.4.1) from the brightest that the file promises
down to 203 nits, the others in proportion, so that hues stay; then BT.2020's colours become BT.709's, and what is
outside is clipped. White of graphics, 203 nits (BT.2408), is then about 90% of the signal.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from atom_core.media.container.sidedata import side_data

_RGB, _BT709, _UNSPECIFIED, _BT2020 = 0, 1, 2, 9
"""Matrices by their number in H.273."""
_KNOWN_MATRICES = frozenset({_RGB, _BT709, 4, 5, 6, 7, _BT2020})
"""What swscale can convert; others it refuses."""
YCGCO = 8
"""A matrix that swscale does not know."""
_ALIKE = {10: _BT2020}
"""Matrices that differ little from another: BT.2020 with constant luminance."""
_SWSCALE = {_BT709: Colorspace.ITU709, _BT2020: Colorspace.BT2020, 5: Colorspace.ITU601}
_HD_WIDTH, _HD_HEIGHT = 1280, 576
"""Pictures as wide as this, or higher than that, are HD: as mpv and VLC guess."""
_SDR_NITS = 203.0
"""White of an SDR screen among HDR (BT.2408)."""
_HDR_NITS = 1000.0
"""Brightest picture of HDR that does not say how bright it is, and of HLG."""
_MAX_NITS = 10000.0
_WHITE = 65283
"""What swscale makes of the largest code of YUV in 16 bits of RGB."""
_STEPS = 4096
"""Entries of the table that encodes light; its index is the square root of light, which is near the eye's measure."""
_BAND_ROWS = 64
"""Rows converted at a time, so that what is between stays in the processor's cache."""

_TO_BT709 = {
    int(ColorPrimaries.BT2020): (
        (1.660491, -0.587641, -0.072850),
        (-0.124550, 1.132900, -0.008349),
        (-0.018151, -0.100579, 1.118730),
    ),
    int(ColorPrimaries.SMPTE432): (
        (1.224940, -0.224940, 0.0),
        (-0.042057, 1.042057, 0.0),
        (-0.019638, -0.078636, 1.098274),
    ),
}
"""Linear RGB of wide gamuts to linear RGB of BT.709 (BT.2407, 2.2; Display P3 by its primaries). All have white D65."""
_BT2020_LUMA = np.array((0.2627, 0.6780, 0.0593), np.float32)


class Conversion(NamedTuple):
    """What colours of a file need beyond their matrix."""

    transfer: int
    """How light is coded, by H.273."""
    primaries: int
    """Which red, green and blue, by H.273."""
    peak_nits: float
    """The brightest that HDR shows."""

    @property
    def name(self) -> str:
        """The name of the conversion: pq, hlg or gamut; empty if there is nothing to do."""
        kinds = {int(ColorTrc.SMPTE2084): "pq", int(ColorTrc.ARIB_STD_B67): "hlg"}
        return kinds.get(self.transfer, "gamut" if self.primaries in _TO_BT709 else "")


def conversion_of(frame: av.VideoFrame) -> Conversion:
    """What the colours of `frame` need; HDR says in its first picture how bright it is."""
    transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
    is_hdr = transfer in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
    if is_hdr and primaries == ColorPrimaries.UNSPECIFIED:
        primaries = int(ColorPrimaries.BT2020)
    peak_nits = _peak_nits(frame) if transfer == ColorTrc.SMPTE2084 else _HDR_NITS
    return Conversion(transfer, primaries, peak_nits)


def _peak_nits(frame: av.VideoFrame) -> float:
    """The brightest pixel of the file, else of the screen that it was made on, else what is usual."""
    level, screen = (side_data(frame, kind) for kind in ("CONTENT_LIGHT_LEVEL", "MASTERING_DISPLAY_METADATA"))
    brightest = float(struct.unpack_from("=I", level)[0]) if level is not None else 0.0
    if not brightest and screen is not None:  # 3 primaries, white, darkest, brightest: pairs of integers
        numerator, denominator = struct.unpack_from("=2i", screen, 72)
        brightest = numerator / denominator if denominator else 0.0
    return min(max(brightest or _HDR_NITS, _SDR_NITS), _MAX_NITS)


def matrix_of(frame: av.VideoFrame) -> Colorspace | None:
    """How RGB is mixed in `frame`, where its tag is not what swscale is to go by; None where it is."""
    tag = _ALIKE.get(int(frame.colorspace), int(frame.colorspace))
    if tag in _KNOWN_MATRICES and tag != _UNSPECIFIED:
        return None if tag == int(frame.colorspace) else _SWSCALE[tag]
    if frame.format.is_rgb:
        return None if tag == _UNSPECIFIED else Colorspace.DEFAULT
    if frame.color_primaries == ColorPrimaries.BT2020 or conversion_of(frame).name in ("pq", "hlg"):
        return Colorspace.BT2020
    if frame.width >= _HD_WIDTH or frame.height > _HD_HEIGHT:
        return Colorspace.ITU709
    return None if tag == _UNSPECIFIED else Colorspace.ITU601


def from_ycgco(coded: np.ndarray) -> np.ndarray:
    """RGB of 16 bits, [H, W, 3], of Y, Cg and Co of 16 bits and full range, [H, W, 3] (H.273, equations 66 to 68)."""
    luma, green, orange = (coded[..., part].astype(np.int32) for part in range(3))
    green, orange = green - 32768, orange - 32768
    rgb = np.stack([luma - green + orange, luma + green, luma - green - orange], axis=-1)
    return np.clip(rgb, 0, 65535).astype(np.uint16)


def to_sdr(coded: np.ndarray, conversion: Conversion) -> np.ndarray:
    """RGB of 16 bits as coded, [H, W, 3], as RGB of an ordinary screen, 8 bits."""
    light = _light(conversion.transfer)
    matrix = np.asarray(_TO_BT709.get(conversion.primaries, np.eye(3)), np.float32).T
    encode = _encoding()
    image = np.empty(coded.shape, np.uint8)
    for top in range(0, len(coded), _BAND_ROWS):
        band = coded[top : top + _BAND_ROWS]
        linear = light[band]
        if conversion.transfer == ColorTrc.SMPTE2084:
            linear *= _gains(conversion.peak_nits)[band.max(axis=2)][..., None]
        elif conversion.transfer == ColorTrc.ARIB_STD_B67:
            linear *= _hlg_gain(linear)[..., None]
        linear = np.clip(linear @ matrix, 0, 1, out=linear)
        image[top : top + _BAND_ROWS] = encode[(np.sqrt(linear, out=linear) * (_STEPS - 1) + 0.5).astype(np.uint16)]
    return image


def _hlg_gain(scene: np.ndarray) -> np.ndarray:
    """What light before the camera, [H, W, 3], is multiplied by to be light of an SDR screen, [H, W]."""
    luma = np.maximum(scene @ _BT2020_LUMA, 1e-6)
    gamma = luma**0.2 * np.float32(_HDR_NITS / _SDR_NITS)  # the system's gamma of a screen of 1,000 nits is 1.2
    brightest = scene.max(axis=2) * gamma
    codes = np.minimum(np.sqrt(brightest) * (_STEPS - 1), 3 * _STEPS - 1).astype(np.uint16)
    return np.asarray(gamma * _hlg_roll_off()[codes])


def _codes() -> np.ndarray:
    """The signal, from 0 to 1, of each code of 16 bits."""
    return np.minimum(np.arange(65536) / _WHITE, 1.0)


@lru_cache(maxsize=4)
def _light(transfer: int) -> np.ndarray:
    """Light of each code of 16 bits: PQ and SDR in units of SDR's white, HLG of the scene's brightest."""
    code = _codes()
    if transfer == ColorTrc.SMPTE2084:
        light = _pq_nits(code) / _SDR_NITS
    elif transfer == ColorTrc.ARIB_STD_B67:  # BT.2100, table 5
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    else:
        light = code**2.4
    return np.asarray(light, np.float32)


@lru_cache(maxsize=4)
def _gains(peak_nits: float) -> np.ndarray:
    """What light is multiplied by where the largest of the three has a code of 16 bits, PQ."""
    nits = _pq_nits(_codes())
    return np.asarray(_rolled_off(nits, peak_nits) / np.maximum(nits, 1e-6), np.float32)


@lru_cache(maxsize=1)
def _hlg_roll_off() -> np.ndarray:
    """What light is multiplied by where the largest of the three is (index / steps) ** 2 times SDR's white."""
    nits = (np.arange(3 * _STEPS) / (_STEPS - 1)) ** 2 * _SDR_NITS
    return np.asarray(_rolled_off(nits, _HDR_NITS) / np.maximum(nits, 1e-6), np.float32)


def _rolled_off(nits: np.ndarray, peak_nits: float) -> np.ndarray:
    """BT.2390's curve, 5.4.1: as it is up to a knee, from there bent so that the peak becomes SDR's white."""
    top = _pq_code(np.array(peak_nits))
    white = float(_pq_code(np.array(_SDR_NITS)) / top)
    knee = 1.5 * white - 0.5
    code = np.minimum(_pq_code(nits) / top, 1.0)
    if white >= 1:
        return np.asarray(np.minimum(nits, _SDR_NITS))
    t = (code - knee) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * white
    return np.asarray(np.where(code < knee, nits, _pq_nits(bent * top)))


def _pq_nits(code: np.ndarray) -> np.ndarray:
    """Light of PQ's signal from 0 to 1 (BT.2100, table 4)."""
    root = np.maximum(code, 0) ** (32 / 2523)
    light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (8192 / 1305)
    return np.asarray(_MAX_NITS * light)


def _pq_code(nits: np.ndarray) -> np.ndarray:
    power = (nits / _MAX_NITS) ** (1305 / 8192)
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** (2523 / 32))


@lru_cache(maxsize=1)
def _encoding() -> np.ndarray:
    """The 8 bits of the square root of light."""
    return np.rint(255 * (np.arange(_STEPS) / (_STEPS - 1)) ** (2 / 2.4)).astype(np.uint8)
