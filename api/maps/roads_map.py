"""The roads of one wave as a picture: what is closed, guarded and sealed, what is cut off, and which sites are reached.

Drawn for the class of vehicles of which there are most. Colour never carries a meaning alone: sites that are driven to are
discs, those served at a gate triangles, those cut off crosses; roads cut off are dashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from api.maps.fonts import find_typeface
from api.maps.restrictions import (
    SIGN_TEXTS,
    Canvas,
    DrawnClosure,
    DrawnPoint,
    DrawnZone,
    RestrictionSign,
    corners_of,
    draw_checkpoints,
    draw_closures,
    draw_gates,
    draw_restriction_sign,
    draw_zones,
    signs_of,
)
from api.maps.sheet import (
    INK,
    LANDSCAPE,
    PAPER,
    ROW_EM,
    Sheet,
    blank,
    draw_depot,
    draw_depot_name,
    draw_roads,
    draw_scale_north_attribution,
    draw_title,
    edge_lines,
    fit,
    picture_of,
    write,
)
from api.road_words import PROFILE_NAMES, STATE_NAMES
from api.schemas import RestrictionOnRoadsEntry, RoadClassEntry, RoadsDocument, RoadWaveEntry
from geodata.errors import BadInput, Text
from geodata.model import Floats
from geodata.network import Network

_CUT_ROAD = "#C2410C"
_SITE_LOOKS = MappingProxyType(
    {
        "open": ("o", "#00634A"),
        "gate": ("v", "#7A5C00"),
        "cut_off": ("X", "#A4161A"),
        "never": ("X", "#5B2A86"),
        "off_the_roads": ("X", "#44505A"),
    }
)
"""Marker and colour by state."""

_MOST_LISTED = 14
_LEAST_DETOUR_S = 30
_SMALL = 0.4
"""A second picture is worth its while where it shows the restrictions larger by this factor."""

TITLE = Text("今晚的道路", "The roads tonight")
DEPOT = Text("库点", "Depot")
CUT_ROAD = Text("不再可达的道路", "Road no longer served")
DETOURS = Text("绕行最多的点位", "Longest detours")
CUT_SITES = Text("被切断的点位", "Sites cut off")
WAVE = Text("批次", "Order")
SERVED = Text("可达 {served:.0f}/{before:.0f} 公里", "{served:.0f} of {before:.0f} km served")
PIECES = Text("连通片 {before} → {after}", "components {before} → {after}")
MINUTES = Text("+{:.1f} 分钟", "+{:.1f} min")
DRAWN_FOR = Text("按{}", "for a {}")


def draw_roads_map(
    report: RoadsDocument,
    wave: RoadWaveEntry,
    network: Network,
    *,
    lang: str = "zh",
    size: tuple[int, int] = LANDSCAPE,
    zoomed: bool = False,
) -> bytes:
    """A PNG of ``size`` pixels, ``zoomed`` in on what restrictions touch. Raises ``BadInput`` for another network than the report's; English without Chinese fonts."""
    if report.network.fingerprint != network.fingerprint:
        zh, en = "报告是在另一个路网上算出的", "the report was made on another road network"
        raise BadInput.one(zh, en, file=network.name)
    typeface = find_typeface()
    language = lang if typeface.chinese else "en"
    sheet = _Sheet(
        network=network, typeface=typeface, lang=language, size=size, report=report, wave=wave, zoomed=zoomed
    )
    figure, map_axes, page_axes = blank(sheet)
    _draw_map(map_axes, sheet)
    _draw_frame(page_axes, sheet)
    return picture_of(figure)


def is_worth_zooming(report: RoadsDocument, wave: RoadWaveEntry, network: Network) -> bool:
    """Whether what restrictions touch is small on the picture of all sites."""
    whole, close = (
        _Sheet(network=network, typeface=find_typeface(), lang="en", report=report, wave=wave, zoomed=zoomed)
        for zoomed in (False, True)
    )
    return bool(len(close.extent)) and close.metres_per_pixel < _SMALL * whole.metres_per_pixel


@dataclass(frozen=True, kw_only=True)
class _Sheet(Sheet):
    report: RoadsDocument
    wave: RoadWaveEntry
    zoomed: bool = False

    @cached_property
    def shown(self) -> RoadClassEntry:
        """The class with the most vehicles."""
        return max(self.wave.classes, key=lambda each: len(each.vehicles))

    @cached_property
    def in_force(self) -> tuple[RestrictionOnRoadsEntry, ...]:
        """For any class of vehicles."""
        lapsed = ("exempt", "not_yet", "over")
        counts = {
            each.id for number in self.wave.classes for each in number.restrictions if each.standing not in lapsed
        }
        return tuple(each for each in self.report.restrictions if each.id in counts)

    @property
    def zones(self) -> tuple[DrawnZone, ...]:
        return tuple(
            DrawnZone(each.id, each.level, each.geometry) for each in self.in_force if each.level and each.geometry
        )

    @property
    def closures(self) -> tuple[DrawnClosure, ...]:
        return tuple(
            DrawnClosure(each.id, tuple(np.array(line, dtype=np.float64) for line in each.geometry.coordinates))
            for each in self.in_force
            if each.kind == "closure" and each.geometry
        )

    @property
    def checkpoints(self) -> tuple[DrawnPoint, ...]:
        at = ((each.id, each.lon, each.lat) for each in self.in_force)
        return tuple(DrawnPoint(name, lon, lat) for name, lon, lat in at if lon is not None and lat is not None)

    @property
    def gates(self) -> tuple[DrawnPoint, ...]:
        return tuple(DrawnPoint(gate.id, gate.lon, gate.lat) for gate in self.wave.gates)

    def sites(self, state: str) -> Floats:
        """[q, 2] metres."""
        return self._metres([(site.lon, site.lat) for site in self.wave.sites if site.state == state])

    @property
    def extent(self) -> Floats:
        """Sites, depots and what is in force; not all the network, of which a district may be a small part.

        Zoomed: what bars anybody, and the sites it keeps them from.
        """
        barring = {each.id for number in self.wave.classes for each in number.restrictions if each.standing == "bars"}
        touched = ("gate", "cut_off") if self.zoomed else tuple(_SITE_LOOKS)
        sites = self._metres([(site.lon, site.lat) for site in self.wave.sites if site.state in touched])
        depots = self._metres([] if self.zoomed else [(depot.lon, depot.lat) for depot in self.report.depots])
        gates = self._metres([(gate.lon, gate.lat) for gate in self.gates])
        lines = [self.plane(line) for closure in self.closures if closure.id in barring for line in closure.lines]
        areas = [self.plane(corners_of(zone)) for zone in self.zones if zone.id in barring or not self.zoomed]
        return np.concatenate([sites, depots, gates, *lines, *areas])

    def _metres(self, points: Sequence[tuple[float, float]]) -> Floats:
        return self.plane(np.array(points, dtype=np.float64).reshape(-1, 2))

    @property
    def crowded(self) -> bool:
        return len(self.wave.sites) > 80


# --- the map ----------------------------------------------------------------------------------------------------


def _draw_map(axes: Axes, sheet: _Sheet) -> None:
    draw_roads(axes, sheet)
    _draw_cut_roads(axes, sheet)
    canvas = Canvas(axes, sheet.plane, sheet.typeface, sheet.points)
    draw_zones(canvas, sheet.zones)
    draw_closures(canvas, sheet.closures)
    _draw_sites(axes, sheet)
    draw_checkpoints(canvas, sheet.checkpoints)
    draw_gates(canvas, sheet.gates)
    for depot in sheet.report.depots:
        at = canvas.at(depot.lon, depot.lat)
        draw_depot(axes, at, 1.2 * sheet.points)
        draw_depot_name(axes, sheet, at, depot.id)


def _draw_cut_roads(axes: Axes, sheet: _Sheet) -> None:
    lines = edge_lines(sheet, np.array(sheet.shown.cut_edges, dtype=np.int64))
    cut = LineCollection(lines, linewidths=1.5, colors=_CUT_ROAD, linestyles=[(0, (2.2, 1.0))], zorder=2)
    axes.add_collection(cut, autolim=False)


def _draw_sites(axes: Axes, sheet: _Sheet) -> None:
    for zorder, state in enumerate(_SITE_LOOKS, start=6):
        points = sheet.sites(state)
        if len(points):
            _draw_site(axes, sheet, points, state, zorder=zorder)


def _draw_site(axes: Axes, sheet: _Sheet, points: Floats, state: str, *, zorder: float) -> None:
    marker, colour = _SITE_LOOKS[state]
    size = sheet.points * (0.5 if sheet.crowded else 0.7) * (1.0 if state == "open" else 1.5)
    x, y = points.T
    axes.plot(x, y, marker, markersize=size, color=colour, markeredgecolor=PAPER, markeredgewidth=0.7, zorder=zorder)


# --- title and legend -------------------------------------------------------------------------------------------


def _draw_frame(axes: Axes, sheet: _Sheet) -> None:
    name = sheet.report.scenario.name
    title = f"{name}：{TITLE.zh}" if sheet.lang == "zh" else f"{name}: {TITLE.en}"
    draw_title(axes, sheet, title if name else sheet.say(TITLE), "   |   ".join(_figures(sheet)))
    draw_scale_north_attribution(axes, sheet)
    row = _draw_signs(axes, sheet)
    for heading, lines in _lists(sheet):
        row = _draw_list(axes, sheet, row + 0.5, heading, lines)


def _figures(sheet: _Sheet) -> Iterator[str]:
    wave, shown = sheet.wave, sheet.shown
    zone = ZoneInfo(sheet.report.scenario.timezone)
    begin, end = wave.from_at.astimezone(zone), wave.to_at.astimezone(zone)
    yield f"{sheet.say(WAVE)} {wave.order}  {begin:%Y-%m-%d %H:%M} – {end:%m-%d %H:%M}"
    if len(wave.classes) > 1:
        yield sheet.say(DRAWN_FOR).format(sheet.say(PROFILE_NAMES[shown.profile]))
    yield sheet.say(SERVED).format(served=shown.served_km, before=shown.before_km)
    yield sheet.say(PIECES).format(before=shown.components_before, after=shown.components_after)


def _draw_signs(axes: Axes, sheet: _Sheet) -> float:
    """What the signs mean; only those that occur. Returns the row below them."""
    row = 0.0
    for state in (state for state in _SITE_LOOKS if len(sheet.sites(state))):
        x, y = _row(sheet, row)
        _draw_site(axes, sheet, np.array([[x + sheet.em, y]]), state, zorder=3)
        said = f"{sheet.say(STATE_NAMES[state])} ({len(sheet.sites(state))})"
        write(axes, sheet, x + 2.6 * sheet.em, y, said, scale=0.9)
        row += 1
    x, y = _row(sheet, row)
    draw_depot(axes, (x + sheet.em, y), 1.2 * sheet.points)
    write(axes, sheet, x + 2.6 * sheet.em, y, sheet.say(DEPOT), scale=0.9)
    for sign in signs_of(sheet.zones, sheet.closures, sheet.checkpoints, sheet.gates):
        row += 1
        _draw_restriction_row(axes, sheet, sign, _row(sheet, row))
    if sheet.shown.cut_edges:
        row += 1
        x, y = _row(sheet, row)
        axes.plot(
            [x + 0.2 * sheet.em, x + 1.9 * sheet.em], [y, y], color=_CUT_ROAD, linewidth=1.8, linestyle=(0, (2.2, 1.0))
        )
        write(axes, sheet, x + 2.6 * sheet.em, y, sheet.say(CUT_ROAD), scale=0.9)
    return row + 1


def _draw_restriction_row(axes: Axes, sheet: _Sheet, sign: RestrictionSign, at: tuple[float, float]) -> None:
    x, y = at
    draw_restriction_sign(axes, sign, (x + sheet.em, y), points=sheet.points, em=sheet.em)
    write(axes, sheet, x + 2.6 * sheet.em, y, sheet.say(SIGN_TEXTS[sign]), scale=0.9)


def _row(sheet: _Sheet, row: float) -> tuple[float, float]:
    """Left edge and middle of a legend row, in pixels."""
    return sheet.legend_box.left, sheet.legend_box.top + (row + 0.5) * ROW_EM * sheet.em


def _lists(sheet: _Sheet) -> Iterator[tuple[Text, list[tuple[str, str]]]]:
    names = {site.site: site.name or site.site for site in sheet.wave.sites}
    cut_off = [site for site in sheet.shown.sites if site.state == "cut_off"]
    if cut_off:
        yield (
            CUT_SITES,
            [(names[site.site], " / ".join("+".join(each) for each in site.cut_off_by)) for site in cut_off],
        )
    longer = sorted(
        (site for site in sheet.shown.sites if (site.extra_s or 0) >= _LEAST_DETOUR_S),
        key=lambda site: -(site.extra_s or 0),
    )
    if longer:
        said = sheet.say(MINUTES)
        yield DETOURS, [(names[site.site], said.format((site.extra_s or 0) / 60)) for site in longer]


def _draw_list(axes: Axes, sheet: _Sheet, row: float, heading: Text, lines: Sequence[tuple[str, str]]) -> float:
    """As many as there is room for; returns the row below them."""
    room = int(sheet.legend_box.height / (ROW_EM * sheet.em) - row - 1.5)
    shown = lines[: max(0, min(_MOST_LISTED, room))]
    if not shown:
        return row
    x, y = _row(sheet, row)
    write(axes, sheet, x, y, f"{sheet.say(heading)} ({len(lines)})", bold=True)
    for number, (name, figure) in enumerate(shown, start=1):
        x, y = _row(sheet, row + number)
        write(axes, sheet, x, y, fit(name, 12.5), scale=0.9)
        right = x + sheet.legend_box.width - 0.5 * sheet.em
        write(axes, sheet, right, y, fit(figure, 6.0), scale=0.9, ha="right", color=INK)
    return row + 1 + len(shown)
