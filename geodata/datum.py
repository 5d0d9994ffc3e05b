"""Chinese map datums: GCJ-02 (Amap, Tencent), an obfuscated WGS-84, and BD-09 (Baidu), a further step from it.

Formulas as published in eviltransform (https://github.com/googollee/eviltransform) and described in
https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China. The ways back have no closed form; they are
found by fixed-point iteration, exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geodata.model import Datum, Floats

CHINA_WEST, CHINA_EAST = 72.004, 137.8347
CHINA_SOUTH, CHINA_NORTH = 0.8293, 55.8271
"""The box in which the datums differ, by every implementation in use. It is a box: much that is not China lies in it."""

_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_2 = 0.00669342162296594323
"""Krasovsky 1940, the ellipsoid of the formula."""

_TOLERANCE = 1e-12
_ROUNDS = 30
"""Each round gains two to three digits; a handful is enough."""


def to_wgs84(points: Floats, *, datum: Datum) -> Floats:
    """WGS-84 lon, lat of ``points`` (n, 2) or (2,) recorded in ``datum``. A point outside the box is returned as is.

    The box is asked of the point as recorded, so within a kilometre of its edge the way back may differ.
    """
    if datum is Datum.WGS84:
        return np.array(points, dtype=np.float64)
    return _inside_box(points, lambda inner: _inverse(_FORWARD[datum], inner))


def from_wgs84(points: Floats, *, datum: Datum) -> Floats:
    """Lon, lat in ``datum`` of WGS-84 ``points`` (n, 2) or (2,). A point outside the box is returned as is."""
    if datum is Datum.WGS84:
        return np.array(points, dtype=np.float64)
    return _inside_box(points, _FORWARD[datum])


def in_china_box(points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which of ``points`` (..., 2) lie in the box."""
    lon, lat = points[..., 0], points[..., 1]
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (
        (lon >= CHINA_WEST) & (lon <= CHINA_EAST) & (lat >= CHINA_SOUTH) & (lat <= CHINA_NORTH)
    )
    return inside


def _inside_box(points: Floats, change: Callable[[Floats], Floats]) -> Floats:
    given = np.array(points, dtype=np.float64)
    inside = in_china_box(given)
    given[inside] = change(given[inside])
    return given


def _inverse(forward: Callable[[Floats], Floats], points: Floats) -> Floats:
    """The points that ``forward`` moves to ``points``: the shift changes slowly, so iteration contracts."""
    found = points
    for _ in range(_ROUNDS):
        step = points - forward(found)
        found = found + step
        if np.all(np.abs(step) < _TOLERANCE):
            break
    return found


def _wgs84_to_gcj02(points: Floats) -> Floats:
    lon, lat = points[..., 0], points[..., 1]
    x, y = lon - 105.0, lat - 35.0
    radians = np.radians(lat)
    flattened = 1.0 - _ECCENTRICITY_2 * np.sin(radians) ** 2
    metres_per_radian_lat = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / flattened**1.5
    metres_per_radian_lon = _SEMI_MAJOR_M / np.sqrt(flattened) * np.cos(radians)
    shift = np.stack([_east_m(x, y) / metres_per_radian_lon, _north_m(x, y) / metres_per_radian_lat], axis=-1)
    moved: Floats = points + np.degrees(shift)
    return moved


def _east_m(x: Floats, y: Floats) -> Floats:
    smooth = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    long_waves = 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)
    longest = 150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)
    metres: Floats = smooth + 2.0 / 3.0 * (_ripple(x) + long_waves + longest)
    return metres


def _north_m(x: Floats, y: Floats) -> Floats:
    smooth = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    long_waves = 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)
    longest = 160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y / 30.0 * np.pi)
    metres: Floats = smooth + 2.0 / 3.0 * (_ripple(x) + long_waves + longest)
    return metres


def _ripple(x: Floats) -> Floats:
    ripple: Floats = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    return ripple


_BD_WAVE = np.pi * 3000.0 / 180.0


def _gcj02_to_bd09(points: Floats) -> Floats:
    lon, lat = points[..., 0], points[..., 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_WAVE)
    return np.stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006], axis=-1)


def _wgs84_to_bd09(points: Floats) -> Floats:
    return _gcj02_to_bd09(_wgs84_to_gcj02(points))


_FORWARD = {Datum.GCJ02: _wgs84_to_gcj02, Datum.BD09: _wgs84_to_bd09}
