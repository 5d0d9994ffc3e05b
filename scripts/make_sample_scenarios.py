"""Write the embedded example scenarios from the sample network and its zones (run once; the result is kept).

    python scripts/make_sample_scenarios.py

Two scenarios on Coquimbo–La Serena: ``coquimbo``, one sixth of all households, and ``coquimbo_all``, all of them. One
drop point per zone, 3.4 people per household, 4.33 kg each in crates of 13 kg, 60 sampling sites. Depots stand where the
population has the shortest way to them (p-median by exchange), sampling sites at junctions of the most populous zones.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from geodata.locate import RoadIndex
from geodata.model import Ints, LonLat, RoadPosition
from geodata.network import load_network
from geodata.roads import Roads, open_roads
from geodata.samples import FOLDER
from geodata.travel_times import HierarchyTimes

EXAMPLES = Path(__file__).parent.parent / "api" / "examples"
PEOPLE_PER_HOUSEHOLD = 3.4
DEPOTS = 4
SAMPLING_SITES = 60
SEED = 20221123


class Zone(NamedTuple):
    id: str
    location: LonLat
    people: float

    @property
    def households(self) -> int:
        return round(self.people / PEOPLE_PER_HOUSEHOLD)


class Fleet(NamedTuple):
    """Trucks of 5 t and vans of 1.5 t, dealt out to the depots by the population nearest to each."""

    trucks: int
    vans: int


def main() -> None:
    roads = open_roads(load_network(FOLDER / "coquimbo.bgn"))
    zones, positions = move_to_roads(roads, read_zones(FOLDER / "coquimbo_zones.csv"))
    depots, nearest = place_depots(roads, zones, positions)
    sampling = place_sampling_sites(roads, zones)
    people = np.bincount(nearest, weights=[zone.people for zone in zones], minlength=DEPOTS)
    share: list[float] = (people / people.sum()).tolist()
    write_scenario(
        "coquimbo", "科金博—拉塞雷纳示例：六分之一住户", zones, depots, sampling, Fleet(12, 32), share, turns=6
    )
    write_scenario(
        "coquimbo_all", "科金博—拉塞雷纳示例：全部住户", zones, depots, sampling, Fleet(30, 330), share, turns=1
    )


def read_zones(path: Path) -> list[Zone]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return [Zone(r["zone_id"], LonLat(float(r["lon"]), float(r["lat"])), float(r["population"])) for r in rows]


def main_component(roads: Roads) -> Ints:
    """Arcs of the largest strong component."""
    return np.flatnonzero(roads.strong_component == int(np.argmax(roads.component_size)))


def move_to_roads(roads: Roads, zones: Sequence[Zone]) -> tuple[list[Zone], list[RoadPosition]]:
    """A drop point lies where vehicles come: on the road nearest to the middle of its zone."""
    index, network = RoadIndex(roads), roads.network
    usable = np.zeros(network.edges, dtype=np.bool_)
    usable[network.arc_edge[main_component(roads)]] = True
    edges, _ = index.nearest([zone.location for zone in zones], usable)
    positions = [index.position(zone.location, int(edge)) for zone, edge in zip(zones, edges, strict=True)]
    moved = [LonLat(round(at.point.lon, 6), round(at.point.lat, 6)) for at in positions]
    return [zone._replace(location=location) for zone, location in zip(zones, moved, strict=True)], positions


def place_depots(roads: Roads, zones: Sequence[Zone], positions: Sequence[RoadPosition]) -> tuple[list[LonLat], Ints]:
    """The p-median over the drop points: exchange one depot at a time while the people's way gets shorter."""
    weighted = HierarchyTimes(roads).table(positions, positions) * np.array([zone.people for zone in zones])
    chosen = exchange(weighted)
    return [zones[depot].location for depot in chosen], np.argmin(weighted[chosen], axis=0).astype(np.int64)


def exchange(weighted: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[int]:
    chosen = sorted(np.argsort(weighted.sum(axis=1))[:DEPOTS].tolist())
    best = float(weighted[chosen].min(axis=0).sum())
    better = True
    while better:
        better = False
        for slot in range(DEPOTS):
            for candidate in range(len(weighted)):
                trial = [*chosen[:slot], candidate, *chosen[slot + 1 :]]
                total = float(weighted[trial].min(axis=0).sum())
                if total < best:
                    chosen, best, better = trial, total, True
    return sorted(chosen)


def place_sampling_sites(roads: Roads, zones: Sequence[Zone]) -> list[LonLat]:
    """One at a junction some hundred metres from the middle of each of the most populous zones."""
    chance = random.Random(SEED)
    nodes = main_component(roads)
    network = roads.network
    sites = []
    for zone in sorted(zones, key=lambda zone: -zone.people)[:SAMPLING_SITES]:
        lon = zone.location.lon + chance.uniform(-0.005, 0.005)
        lat = zone.location.lat + chance.uniform(-0.005, 0.005)
        node = nodes[np.argmin((network.lon[nodes] - lon) ** 2 + (network.lat[nodes] - lat) ** 2)]
        sites.append(LonLat(round(float(network.lon[node]), 6), round(float(network.lat[node]), 6)))
    return sites


def write_scenario(  # noqa: PLR0913
    folder: str,
    name: str,
    zones: Sequence[Zone],
    depots: Sequence[LonLat],
    sampling: Sequence[LonLat],
    fleet: Fleet,
    share: Sequence[float],
    *,
    turns: int,
) -> None:
    target = EXAMPLES / folder
    target.mkdir(parents=True, exist_ok=True)
    (target / "scenario.toml").write_text(SETTINGS.format(name=name), encoding="utf-8")
    kinds = [("基础包", "家庭基础包", 4.33, 0.012, 0.3333), ("采样套件", "采样物资套件", 5, 0.02, 1)]
    write_list(target / "kinds.csv", ["编号", "名称", "每件公斤", "每件立方米", "每件箱数"], kinds)
    write_list(
        target / "depots.csv",
        ["编号", "名称", "类型", "经度", "纬度"],
        [(f"D{n}", f"{n}号区县库", "区县库", *place) for n, place in enumerate(depots, 1)],
    )
    write_list(
        target / "drop_points.csv",
        ["编号", "名称", "经度", "纬度", "户数", "需求:基础包"],
        [
            (f"P{zone.id}", f"{zone.id}号投放点", *zone.location, zone.households, round(zone.households / turns))
            for zone in zones
        ],
    )
    write_list(
        target / "sampling_sites.csv",
        ["编号", "名称", "经度", "纬度", "优先级", "需求:采样套件"],
        [(f"C{n}", f"{n}号采样点", *place, 1, 4) for n, place in enumerate(sampling, 1)],
    )
    heading = ["编号", "名称", "类型", "通行方式", "数量", "所属储备库", "载重(公斤)", "总重(吨)"]
    write_list(target / "vehicles.csv", heading, list(vehicle_rows(fleet, share)))


def vehicle_rows(fleet: Fleet, share: Sequence[float]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    trucks, vans = deal(fleet.trucks, share), deal(fleet.vans, share)
    for number in range(1, DEPOTS + 1):
        rows.append((f"T{number}", f"{number}号库卡车", "卡车", "货车", trucks[number - 1], f"D{number}", 5000, 9))
        rows.append((f"V{number}", f"{number}号库厢货", "厢货", "面包车", vans[number - 1], f"D{number}", 1500, 3.5))
    return rows


def deal(count: int, share: Sequence[float]) -> list[int]:
    """Largest remainders."""
    exact = [count * part for part in share]
    dealt = [int(part) for part in exact]
    for slot in sorted(range(len(exact)), key=lambda slot: dealt[slot] - exact[slot])[: count - sum(dealt)]:
        dealt[slot] += 1
    return dealt


def write_list(path: Path, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


SETTINGS = """\
# 场景参数 / scenario settings. docs/data-formats.md 说明每一项 / explains every entry.
name = "{name}"
timezone = "America/Santiago"
network = "sample:coquimbo"
order_at = "2026-11-21 07:30"

[settings]
service_s = 240            # 固定卸货时间(秒) / fixed unloading time
service_per_crate_s = 6.0  # 每箱卸货时间(秒) / time per crate
"""

if __name__ == "__main__":
    main()
