"""What a report of the roads leaves behind in a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from api.files.study_files import study_workbook, write_together
from api.files.workbook import Column, Row, Table
from api.maps.roads_map import draw_roads_map, is_worth_zooming
from api.road_words import KIND_NAMES, PROFILE_NAMES, STANDING_NAMES, STATE_NAMES
from api.schemas import Bilingual, RoadClassEntry, RoadsDocument, RoadWaveEntry, SiteWayEntry
from geodata.errors import Text
from geodata.network import Network

WAVE = Column(Text("批次", "Order"), 10)
VEHICLES = Column(Text("车辆", "Vehicles"), 26)
PROFILE = Column(Text("通行方式", "On the roads as"), 14)
MOST_NAMED = 6
MOST_COMPONENTS = 50


def write_roads_outputs(folder: Path, report: RoadsDocument, network: Network, *, language: str) -> None:
    """Write the report, its workbook and one or two maps per wave; they appear together when all are complete."""
    tables = (_summary, _restrictions, _sites, _components, _turns)
    files = {
        "roads.json": f"{report.model_dump_json(indent=1)}\n".encode(),
        "roads.xlsx": study_workbook([table(report, language) for table in tables], report.scenario, language=language),
    }
    for number, wave in enumerate(report.waves, start=1):
        suffix = "" if number == 1 else f"-{number}"
        files[f"roads{suffix}.png"] = draw_roads_map(report, wave, network, lang=language)
        if is_worth_zooming(report, wave, network):
            files[f"roads{suffix}-zoomed.png"] = draw_roads_map(report, wave, network, lang=language, zoomed=True)
    write_together(folder, files)


def _classes(report: RoadsDocument) -> Iterator[tuple[RoadWaveEntry, RoadClassEntry]]:
    return ((wave, each) for wave in report.waves for each in wave.classes)


def _who(wave: RoadWaveEntry, each: RoadClassEntry, language: str) -> tuple[str, str, str]:
    return wave.order, named(each.vehicles), PROFILE_NAMES[each.profile].in_language(language)


def named(names: tuple[str, ...]) -> str:
    """A few of them, and how many there are."""
    shown = ", ".join(names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} … ({len(names)})"


def _summary(report: RoadsDocument, language: str) -> Table:
    columns = (
        WAVE,
        VEHICLES,
        PROFILE,
        Column(Text("所持通行证", "Passes"), 18),
        Column(Text("无限制时可达（公里）", "Served without restrictions (km)"), 14),
        Column(Text("现可达（公里）", "Served now (km)"), 14),
        Column(Text("不再可达（公里）", "No longer served (km)"), 14),
        Column(Text("原连通片", "Components before"), 12),
        Column(Text("现连通片", "Components now"), 12),
        *(Column(STATE_NAMES[state], 12) for state in STATE_NAMES),
    )
    return Table(Text("概况", "Summary"), columns, tuple(_class_row(*pair, language) for pair in _classes(report)))


def _class_row(wave: RoadWaveEntry, each: RoadClassEntry, language: str) -> Row:
    states = Counter[str](site.state for site in each.sites)
    return (
        *_who(wave, each, language),
        ", ".join(each.passes),
        each.before_km,
        each.served_km,
        each.cut_km,
        each.components_before,
        each.components_after,
        *(states[state] for state in STATE_NAMES),
    )


def _restrictions(report: RoadsDocument, language: str) -> Table:
    columns = (
        WAVE,
        VEHICLES,
        PROFILE,
        Column(Text("种类", "Kind"), 12),
        Column(Text("编号", "Id"), 10),
        Column(Text("名称", "Name"), 22),
        Column(Text("效力", "In this wave"), 22),
        Column(Text("封闭道路（公里）", "Road closed (km)"), 12),
        Column(Text("独自阻断点位数", "Sites it alone bars"), 12),
        Column(Text("独自阻断的点位", "Which"), 30),
        Column(Text("独自切断道路（公里）", "Road it alone cuts off (km)"), 14),
        Column(Text("来源", "Source"), 20),
        Column(Text("备注", "Note"), 30),
    )
    return Table(Text("限制", "Restrictions"), columns, tuple(_restriction_rows(report, language)))


def _restriction_rows(report: RoadsDocument, language: str) -> Iterator[Row]:
    for wave, each in _classes(report):
        for restriction, applied in zip(report.restrictions, each.restrictions, strict=True):
            yield (
                *_who(wave, each, language),
                KIND_NAMES[restriction.kind].in_language(language),
                restriction.id,
                restriction.name,
                STANDING_NAMES[applied.standing].in_language(language),
                restriction.closed_km,
                len(applied.sites),
                ", ".join(applied.sites),
                applied.road_km,
                restriction.source,
                restriction.note,
            )


def _sites(report: RoadsDocument, language: str) -> Table:
    columns = (
        WAVE,
        VEHICLES,
        PROFILE,
        Column(Text("点位", "Site"), 12),
        Column(Text("名称", "Name"), 24),
        Column(Text("情况", "State"), 16),
        Column(Text("无限制时库点", "Depot without restrictions"), 12),
        Column(Text("无限制时行驶", "Driving without restrictions"), 12),
        Column(Text("现库点", "Depot now"), 12),
        Column(Text("现行驶", "Driving now"), 12),
        Column(Text("增加（分钟）", "Extra (min)"), 12),
        Column(Text("交接卡口", "Gate"), 12),
        Column(Text("切断它的限制", "Cut off by"), 26),
        Column(Text("最近可达道路（米）", "Nearest served road (m)"), 14),
    )
    return Table(Text("点位与绕行", "Sites and detours"), columns, tuple(_site_rows(report, language)))


def _site_rows(report: RoadsDocument, language: str) -> Iterator[Row]:
    """What is shut off first, then the longest detours."""
    for wave, each in _classes(report):
        names = {site.site: site.name for site in wave.sites}
        for site in sorted(each.sites, key=worst_first):
            yield (
                *_who(wave, each, language),
                site.site,
                names[site.site],
                STATE_NAMES[site.state].in_language(language),
                site.before_depot,
                _duration(site.before_s),
                site.after_depot,
                _duration(site.after_s),
                None if site.extra_s is None else round(site.extra_s / 60, 1),
                site.gate,
                sets_said(site.cut_off_by, language),
                site.nearest_open_m,
            )


def worst_first(site: SiteWayEntry) -> tuple[int, int]:
    shut = ("cut_off", "never", "off_the_roads")
    return shut.index(site.state) if site.state in shut else len(shut), -(site.extra_s or 0)


def sets_said(sets: tuple[tuple[str, ...], ...], language: str) -> str:
    """Any one of the sets opens the way."""
    return Text(" 或 ", " or ").in_language(language).join(" + ".join(each) for each in sets)


def _duration(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _components(report: RoadsDocument, language: str) -> Table:
    columns = (
        WAVE,
        VEHICLES,
        PROFILE,
        Column(Text("连通片", "Component"), 10),
        Column(Text("道路（公里）", "Road (km)"), 12),
        Column(Text("库点", "Depots"), 30),
        Column(Text("点位数", "Sites"), 10),
    )
    rows = tuple(
        (*_who(wave, each, language), number, component.km, ", ".join(component.depots), component.sites)
        for wave, each in _classes(report)
        for number, component in enumerate(each.components[:MOST_COMPONENTS], start=1)
    )
    return Table(Text("连通片", "Components"), columns, rows)


def _turns(report: RoadsDocument, language: str) -> Table:
    columns = (Column(Text("地图关系", "Relation of the map"), 16), Column(Text("未应用的原因", "Why not applied"), 60))
    rows = tuple((turn.relation, _said(turn.reason, language)) for turn in report.turns_unapplied)
    return Table(Text("未应用的转向限制", "Turns not applied"), columns, rows)


def _said(text: Bilingual, language: str) -> str:
    return text.en if language == "en" else text.zh
