"""Notice a list whose coordinates were probably recorded in another datum than the one declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from api.schemas import DepotEntry, ScenarioDocument, SiteEntry
from geodata.datum import in_china_box, to_wgs84
from geodata.errors import Text
from geodata.locate import RoadIndex
from geodata.model import Datum, Floats, LonLat
from geodata.roads import Roads

FEWEST_POINTS = 30
"""Fewer points say nothing: where a datum is off by some 500 m, many still happen to lie near a road."""

FARTHEST_M = 500.0
"""Distances are counted no farther than this, so that a few far-off points do not decide."""

MUCH_NEARER = 0.75
"""The other datum must bring the points this much nearer. On 277 sites in Dalian the right one is at 0.27 to 0.69."""


def datum_warnings(document: ScenarioDocument, roads: Roads) -> Iterator[Text]:
    """One text per list that lies much nearer to the roads under another datum."""
    index = RoadIndex(roads)
    lists: tuple[tuple[str, Datum, Sequence[DepotEntry | SiteEntry]], ...] = (
        ("depots", document.datum.depots, document.depots),
        ("sites", document.datum.sites, document.sites),
    )
    for name, declared, entries in lists:
        points = np.array([[entry.lon, entry.lat] for entry in entries], dtype=np.float64)
        if len(points) >= FEWEST_POINTS and in_china_box(points).all():
            yield from _warning(index, name, declared, points)


def _warning(index: RoadIndex, name: str, declared: Datum, points: Floats) -> Iterator[Text]:
    metres = {datum: _mean_distance_m(index, to_wgs84(points, datum=datum)) for datum in Datum}
    likely = min(metres, key=lambda datum: metres[datum])
    if metres[likely] < MUCH_NEARER * metres[declared]:
        yield Text(
            f"清单 {name} 声明为 {declared}，点位离道路平均 {metres[declared]:.0f} 米；若按 {likely} 只有"
            f" {metres[likely]:.0f} 米，请核对坐标系",
            f"the list {name} is declared as {declared} and lies {metres[declared]:.0f} m from the roads on average;"
            f" read as {likely} it would be {metres[likely]:.0f} m: please check its datum",
        )


def _mean_distance_m(index: RoadIndex, points: Floats) -> float:
    locations = [LonLat(float(lon), float(lat)) for lon, lat in points]
    _, metres = index.nearest(locations, index.roads.edge_is_open)
    return float(np.minimum(metres, FARTHEST_M).mean())
