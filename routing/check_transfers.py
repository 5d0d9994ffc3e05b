"""The independent judge between two stages: what is brought is what is stated, and nothing leaves a station before it is.

Shares no code with what poses the two stages. ``check_plan`` judges each stage as a problem of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from geodata.errors import Text
from routing.model import Depot, Loop, Plan, Route, Scenario, Stop, Supply, SupplyKind, Transfer, Violation


def check_transfers(scenario: Scenario, plan: Plan) -> tuple[Violation, ...]:
    """Every violation of DEMAND or DEPOT between the stages, empty when there is none."""
    stations = _stations(scenario)
    found = [*check_stated(scenario, plan.transfers), *_check_bringing(stations, plan)]
    transfers = {each.station: each for each in plan.transfers}
    for name, station in stations.items():
        found += _check_delivered(name, transfers.get(name), plan)
        found += _check_ready(scenario, station, transfers.get(name), plan)
        found += _check_loaded(station, transfers.get(name), plan)
    return (*found, *_check_suppliers(scenario, stations, plan))


def check_stated(scenario: Scenario, transfers: Sequence[Transfer]) -> tuple[Violation, ...]:
    """Each transfer goes from a station's supplier to the station, once, in kinds there are and no more than is wanted.

    While there is any violation of these, the stages cannot be posed.
    """
    stations, found = _stations(scenario), []
    for name, times in Counter(each.station for each in transfers).items():
        if times > 1:
            text = Text(f"转运站 {name} 的转运写了 {times} 次", f"{times} transfers to {name} are stated, not one")
            found.append(Violation("DEMAND", text, subject=name))
    wanted = _wanted(scenario)
    for each in transfers:
        station = stations.get(each.station)
        if station is None or _supply(station).supplier != each.supplier:
            text = Text(
                f"{each.station} 不由 {each.supplier} 供货", f"{each.station} is not supplied from {each.supplier}"
            )
            found.append(Violation("DEMAND", text, subject=each.station))
        kinds = Counter(line.kind for line in each.lines)
        if not all(0 < line.units <= wanted[line.kind] and kinds[line.kind] == 1 for line in each.lines):
            zh = "转运的品类或数量不对：没有需求、超过总需求或重复"
            en = "a transfer states a kind that no site wants, more than all want, none, or the same kind twice"
            found.append(Violation("DEMAND", Text(zh, en), subject=each.station))
    return tuple(found)


def _wanted(scenario: Scenario) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for line in (line for site in scenario.sites for demand in site.demands for line in demand.lines):
        wanted[line.kind] += line.units
    return wanted


def _stations(scenario: Scenario) -> dict[str, Depot]:
    return {depot.place.id: depot for depot in scenario.depots if depot.supply is not None}


def _check_bringing(stations: Mapping[str, Depot], plan: Plan) -> Iterator[Violation]:
    """Whoever unloads at a station comes from its supplier."""
    for route, loop, stop in _stops(plan):
        station = stations.get(stop.visit.site)
        if station is not None and loop.depot != _supply(station).supplier:
            text = Text(
                f"从 {loop.depot} 装货，不是上级库", f"was loaded at {loop.depot}, not at the station's supplier"
            )
            yield Violation("DEPOT", text, vehicle=route.vehicle, visit=stop.visit.id, subject=loop.depot)


def _check_delivered(station: str, transfer: Transfer | None, plan: Plan) -> Iterator[Violation]:
    stated = Counter({line.kind: line.units for line in transfer.lines}) if transfer else Counter[str]()
    brought: Counter[str] = Counter()
    for _, _, stop in _stops(plan):
        if stop.visit.site == station:
            brought.update({line.kind: line.units for line in stop.visit.lines})
    for kind in sorted(stated.keys() | brought.keys()):
        if stated[kind] != brought[kind]:
            zh = f"转运“{kind}”写明 {stated[kind]} 件，实际卸下 {brought[kind]} 件"
            en = f"{stated[kind]} of {kind} are stated as brought, {brought[kind]} are unloaded"
            yield Violation("DEMAND", Text(zh, en), subject=station)


def _check_ready(scenario: Scenario, station: Depot, transfer: Transfer | None, plan: Plan) -> Iterator[Violation]:
    """Ready when the last is unloaded and everything is sorted, and no sooner."""
    if transfer is None:
        return
    supply, kinds = _supply(station), {kind.id: kind for kind in scenario.kinds}
    sorting_s = supply.sorting_s + round(supply.sorting_per_crate_s * _crates(kinds, transfer))
    for route, _, stop in _stops(plan):
        if stop.visit.site == station.place.id and stop.departure_s + sorting_s > transfer.ready_s:
            zh = f"{stop.departure_s} 秒卸完，分拣 {sorting_s} 秒，不能在 {transfer.ready_s} 秒备好"
            en = f"is unloaded at {stop.departure_s} s and sorted in {sorting_s} s, too late to be ready at {transfer.ready_s} s"
            yield Violation("DEPOT", Text(zh, en), vehicle=route.vehicle, visit=stop.visit.id, subject=station.place.id)


def _crates(kinds: Mapping[str, SupplyKind], transfer: Transfer) -> int:
    return sum(kinds[line.kind].load(line.units).crates for line in transfer.lines if line.kind in kinds)


def _check_loaded(station: Depot, transfer: Transfer | None, plan: Plan) -> Iterator[Violation]:
    """Nothing is loaded before it is ready, nor more than there is."""
    name = station.place.id
    there = Counter(station.stock)
    there.update({line.kind: line.units for line in transfer.lines} if transfer else {})
    sent: Counter[str] = Counter()
    loaded = [(route, loop) for route in plan.routes for loop in route.loops if loop.depot == name]
    for route, loop in loaded:
        if transfer is not None and transfer.lines and loop.loading_from_s < transfer.ready_s:
            zh = f"{loop.loading_from_s} 秒在 {name} 装货，货物 {transfer.ready_s} 秒才备好"
            en = f"loads at {name} at {loop.loading_from_s} s; its goods are ready at {transfer.ready_s} s"
            first = loop.stops[0].visit.id if loop.stops else ""
            yield Violation("DEPOT", Text(zh, en), vehicle=route.vehicle, visit=first, subject=name)
        sent.update(_units(loop))
    for kind in sorted(sent):
        if sent[kind] > there[kind]:
            zh = f"发出“{kind}” {sent[kind]} 件，自有与运到共 {there[kind]} 件"
            en = f"sends {sent[kind]} of {kind}; its own and what was brought are {there[kind]}"
            yield Violation("DEPOT", Text(zh, en), subject=name)


def _check_suppliers(scenario: Scenario, stations: Mapping[str, Depot], plan: Plan) -> Iterator[Violation]:
    """A supplier sends what it holds, and to stations alone."""
    depots = {depot.place.id: depot for depot in scenario.depots}
    for name in dict.fromkeys(_supply(station).supplier for station in stations.values()):
        sent: Counter[str] = Counter()
        for route, loop, stop in _stops(plan):
            if loop.depot == name:
                sent.update({line.kind: line.units for line in stop.visit.lines})
                if stop.visit.site not in stations:
                    text = Text(f"上级库 {name} 只向转运站供货", f"the supplier {name} sends to stations alone")
                    yield Violation("DEPOT", text, vehicle=route.vehicle, visit=stop.visit.id, subject=name)
        for kind, units in depots[name].stock.items():
            if sent[kind] > units:
                zh, en = (
                    f"发出“{kind}” {sent[kind]} 件，库存 {units} 件",
                    f"sends {sent[kind]} of {kind}, holds {units}",
                )
                yield Violation("DEPOT", Text(zh, en), subject=name)


def _stops(plan: Plan) -> Iterator[tuple[Route, Loop, Stop]]:
    return ((route, loop, stop) for route in plan.routes for loop in route.loops for stop in loop.stops)


def _units(loop: Loop) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in (line for stop in loop.stops for line in stop.visit.lines):
        units[line.kind] += line.units
    return units


def _supply(station: Depot) -> Supply:
    assert station.supply is not None, "stations are the depots with a supply"  # noqa: S101
    return station.supply
