"""What the page shows, as plain rows: the template only lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from api.maps.plan_map import route_letter
from api.schemas import (
    Bilingual,
    DemandEntry,
    LineEntry,
    LoadEntry,
    LoopEntry,
    PlanDocument,
    ReasonEntry,
    RouteEntry,
    ScenarioDocument,
    StopEntry,
    TransferEntry,
    VehicleEntry,
)
from api.views.page_words import words_in


@dataclass(frozen=True, slots=True)
class DepotRow:
    id: str
    name: str
    opening: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    id: str
    name: str
    receiving: str
    goods: str
    priority: int


@dataclass(frozen=True, slots=True)
class VehicleRow:
    id: str
    name: str
    count: int
    depot: str
    capacity: str
    shift: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    at: str
    target: str


@dataclass(frozen=True, slots=True)
class ScenarioContent:
    name: str
    orders: tuple[OrderRow, ...]
    depots: tuple[DepotRow, ...]
    sites: tuple[SiteRow, ...]
    vehicles: tuple[VehicleRow, ...]
    vehicle_count: int


@dataclass(frozen=True, slots=True)
class StopRow:
    mark: str
    site: str
    start: str
    goods: str
    state: str
    late: bool


@dataclass(frozen=True, slots=True)
class LoopRows:
    heading: str
    stops: tuple[StopRow, ...]


@dataclass(frozen=True, slots=True)
class RouteRow:
    letter: str
    vehicle: str
    stops: int
    stops_said: str
    departure: str
    back: str
    km: str
    loops: tuple[LoopRows, ...]


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """A late or unserved visit."""

    site: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Figure:
    value: str
    label: str
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class PlanContent:
    figures: tuple[Figure, ...]
    checked: str
    remarks: tuple[str, ...]
    map_alt: str
    routes: tuple[RouteRow, ...]
    troubles: tuple[TroubleRow, ...]
    attribution: str


def scenario_content(scenario: ScenarioDocument, language: str) -> ScenarioContent:
    words, zone = words_in(language), ZoneInfo(scenario.timezone)
    all_day, kinds = words["all_day"], _kind_names(scenario)
    return ScenarioContent(
        name=scenario.name,
        orders=tuple(
            OrderRow(f"{order.order_at.astimezone(zone):%Y-%m-%d %H:%M}", duration(order.target_s, language))
            for order in scenario.orders
        ),
        depots=tuple(DepotRow(depot.id, depot.name, depot.opening or all_day) for depot in scenario.depots),
        sites=tuple(
            SiteRow(site.id, site.name, site.receiving or all_day, _goods(site.demand, kinds), site.priority)
            for site in scenario.sites
        ),
        vehicles=tuple(
            VehicleRow(
                entry.id,
                entry.name or entry.kind,
                entry.count,
                entry.depot,
                _capacity(entry, words),
                entry.shift or all_day,
            )
            for entry in scenario.vehicles
        ),
        vehicle_count=sum(entry.count for entry in scenario.vehicles),
    )


def _kind_names(scenario: ScenarioDocument) -> dict[str, str]:
    return {kind.id: kind.name or kind.id for kind in scenario.kinds}


def duration(seconds: int, language: str) -> str:
    """Hours and minutes, as a person says them."""
    hours, minutes = divmod(round(seconds / 60), 60)
    units = (("h", hours), ("min", minutes)) if language == "en" else (("小时", hours), ("分钟", minutes))
    return " ".join(f"{number} {unit}" for unit, number in units if number) or f"0 {units[1][0]}"


def _goods(lines: Iterable[LineEntry | DemandEntry], names: dict[str, str]) -> str:
    return ", ".join(f"{names.get(line.kind, line.kind)} × {line.units}" for line in lines)


def _capacity(vehicle: VehicleEntry, words: dict[str, str]) -> str:
    limits = (
        (vehicle.capacity_kg, words["kg"]),
        (vehicle.capacity_m3, "m³"),
        (vehicle.capacity_crates, words["crates"]),
    )
    return ", ".join(f"{limit:g} {unit}" for limit, unit in limits if limit is not None) or words["unlimited"]


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Says a plan in one language, with the names the scenario gives."""

    plan: PlanDocument
    language: str
    words: dict[str, str]
    depots: dict[str, str]
    kinds: dict[str, str]

    def clock(self, instant: datetime) -> str:
        zone = ZoneInfo(self.plan.scenario.timezone)
        local, first = instant.astimezone(zone), self.plan.orders[0].order_at.astimezone(zone)
        return f"{local:%H:%M}" if local.date() == first.date() else f"{local:%m-%d %H:%M}"

    def say(self, text: Bilingual) -> str:
        return text.en if self.language == "en" else text.zh

    def why(self, reason: ReasonEntry | None) -> str:
        if reason is None:
            return ""
        help_ = f" — {self.say(reason.relaxation.message)}" if reason.relaxation else ""
        return f"{self.say(reason.message)} ({reason.code}){help_}"

    def load(self, load: LoadEntry) -> str:
        return f"{load.crates} {self.words['crates']}, {load.kg:,.0f} {self.words['kg']}"

    def state(self, stop: StopEntry) -> str:
        if not stop.late_s:
            return self.words["state_in_time"]
        return self.words["late_by"].format(minutes=-(-stop.late_s // 60))

    def where(self, stop: StopEntry) -> str:
        site = stop.name or stop.site
        return self.words["at_gate"].format(site=site, gate=stop.gate.id) if stop.gate else site

    def transfer(self, entry: TransferEntry) -> str:
        station, supplier = (self.depots.get(name, name) for name in (entry.station, entry.supplier))
        words = {"station": station, "supplier": supplier, "ready": self.clock(entry.ready_at)}
        return self.words["transfer"].format(**words, goods=_goods(entry.lines, self.kinds))


def plan_content(plan: PlanDocument, scenario: ScenarioDocument, language: str) -> PlanContent:
    speaker = _Speaker(
        plan,
        language,
        words_in(language),
        {depot.id: depot.name or depot.id for depot in scenario.depots},
        _kind_names(scenario),
    )
    return PlanContent(
        figures=_figures(speaker),
        checked=_checked(speaker),
        remarks=_remarks(speaker),
        map_alt=_map_alt(speaker),
        routes=tuple(_route(speaker, index, route) for index, route in enumerate(plan.routes)),
        troubles=_troubles(speaker),
        attribution=plan.network.attribution,
    )


def _figures(speaker: _Speaker) -> tuple[Figure, ...]:
    summary, words = speaker.plan.summary, speaker.words
    figures = [
        Figure(str(summary.served_in_time), words["in_time"]),
        Figure(str(summary.served_late), words["late"], alarming=summary.served_late > 0),
        Figure(str(summary.unserved), words["unserved"], alarming=summary.unserved > 0),
        Figure(f"{summary.vehicles_used} / {summary.vehicles}", words["vehicles_used"]),
        Figure(f"{summary.length_m / 1000:,.0f} {words['km']}", words["distance"]),
    ]
    starts = [stop.start_at for route in speaker.plan.routes for loop in route.loops for stop in loop.stops]
    return (*figures, *([Figure(speaker.clock(max(starts)), words["last_start"])] if starts else []))


def _checked(speaker: _Speaker) -> str:
    skipped = speaker.plan.summary.skipped
    return speaker.words["checked_but"].format(rules=", ".join(skipped)) if skipped else speaker.words["checked"]


def _remarks(speaker: _Speaker) -> tuple[str, ...]:
    limited = () if speaker.plan.summary.reproducible else (speaker.words["not_reproducible"],)
    transfers = (speaker.transfer(each) for each in speaker.plan.transfers)
    return (*limited, *transfers, *(speaker.say(warning) for warning in speaker.plan.warnings))


def _map_alt(speaker: _Speaker) -> str:
    summary, plan = speaker.plan.summary, speaker.plan
    return speaker.words["map_alt"].format(
        routes=len(plan.routes),
        stops=sum(route.totals.stops for route in plan.routes),
        late=summary.served_late,
        unserved=summary.unserved,
    )


def _route(speaker: _Speaker, index: int, route: RouteEntry) -> RouteRow:
    letter = route_letter(index)
    return RouteRow(
        letter=letter,
        vehicle=f"{route.vehicle} {route.name}".strip() if route.name != route.vehicle else route.vehicle,
        stops=route.totals.stops,
        stops_said=speaker.words["so_many_stops"].format(stops=route.totals.stops),
        departure=speaker.clock(route.loops[0].departure_at),
        back=speaker.clock(route.loops[-1].back.arrival_at),
        km=f"{route.totals.length_m / 1000:.1f}",
        loops=tuple(_loops(speaker, letter, route.loops)),
    )


def _loops(speaker: _Speaker, letter: str, loops: Sequence[LoopEntry]) -> Iterable[LoopRows]:
    """Stops are numbered through all loops of a route, as on the map."""
    number = 0
    for loop in loops:
        depot = speaker.words["from_depot"].format(depot=speaker.depots.get(loop.depot, loop.depot))
        heading = f"{speaker.words['loop']} {loop.number} · {speaker.clock(loop.departure_at)} {depot} · {speaker.load(loop.load)}"
        yield LoopRows(
            heading, tuple(_stop(speaker, f"{letter}{number + at}", stop) for at, stop in enumerate(loop.stops, 1))
        )
        number += len(loop.stops)


def _stop(speaker: _Speaker, mark: str, stop: StopEntry) -> StopRow:
    return StopRow(
        mark=mark,
        site=speaker.where(stop),
        start=speaker.clock(stop.start_at),
        goods=_goods(stop.lines, speaker.kinds),
        state=speaker.state(stop),
        late=stop.late_s > 0,
    )


def _troubles(speaker: _Speaker) -> tuple[TroubleRow, ...]:
    plan, words = speaker.plan, speaker.words
    late = [stop for route in plan.routes for loop in route.loops for stop in loop.stops if stop.late_s]
    return (
        *(
            TroubleRow(entry.name or entry.site, words["unserved"], speaker.why(entry.reason))
            for entry in plan.unserved
        ),
        *(TroubleRow(stop.name or stop.site, speaker.state(stop), speaker.why(stop.reason)) for stop in late),
    )
