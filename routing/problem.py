"""From a scenario and travel times to the problem a solver is given: visits, split where one vehicle is not enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from geodata.errors import BadInput
from routing.explain import dismissal, unreachable
from routing.model import (
    UNBOUND,
    Demand,
    DemandLine,
    Depot,
    DispatchOrder,
    Interval,
    Load,
    Measured,
    Problem,
    Scenario,
    Site,
    SupplyKind,
    Unserved,
    Vehicle,
    Visit,
    ZoneLevel,
    total_load,
)

ANY_NUMBER_OF_TIMES = 1e9
"""Share of a load in a capacity that does not bind."""

MOST_VISITS = 10_000
"""A plan with more is refused: split the district, or look for a demand with too many zeros."""


def pose_problem(measured: Measured) -> Problem:
    """Fix the visits and their parts; dismiss, with the reason, what no vehicle can drive to or carry."""
    scenario = measured.scenario
    measured.travel_s.setflags(write=False)
    problem = Problem(
        scenario=scenario,
        located=measured.located,
        visits=(),
        dismissed=(),
        travel_s=measured.travel_s,
        row_of=measured.row_of,
        depots={},
        apart={kind.id: kind.apart for kind in scenario.kinds if kind.apart},
        row_in_wave=measured.row_in_wave,
        at_gate=measured.at_gate,
        zone_levels=measured.zone_levels,
        shut_off=measured.shut_off,
        hourly=measured.hourly,
    )
    return pose_anew(problem, scenario)


def pose_anew(problem: Problem, scenario: Scenario) -> Problem:
    """The problem of another scenario on the same access points, with the travel times there are."""
    depots = {depot.place.id: depot for depot in scenario.depots}
    problem = replace(problem, scenario=scenario, visits=(), dismissed=(), depots=depots)
    visits, dismissed = [], []
    for visit, oversized in _parts(problem):
        reason = dismissal(problem, visit) if oversized else unreachable(problem, visit)
        if reason is None:
            visits.append(visit)
        else:
            dismissed.append(Unserved(visit, reason))
    return replace(problem, visits=tuple(visits), dismissed=tuple(dismissed))


def _parts(problem: Problem) -> Iterator[tuple[Visit, bool]]:
    """Each visit, and whether no vehicle can carry even one of its units."""
    scenario = problem.scenario
    kinds = {kind.id: kind for kind in scenario.kinds}
    orders = {order.id: order for order in scenario.orders}
    count = 0
    for row, site in enumerate(scenario.sites):
        part = 0
        takers = [vehicle for vehicle in scenario.vehicles if site.takes(vehicle)]
        for demand in site.demands:
            vehicles = _that_can_drive(problem, takers, _row(problem, site, orders[demand.order]))
            parts = (
                each
                for lines in _together(demand, kinds, scenario.depots)
                for each in _split(lines, vehicles, kinds, MOST_VISITS + 1 - count)
            )
            for lines, oversized in parts:
                part, count = part + 1, count + 1
                load = total_load(kinds[line.kind].load(line.units) for line in lines)
                yield _visit(problem, site, part, orders[demand.order], lines, load), oversized
        if count > MOST_VISITS:
            raise _too_many_visits(row, site)


def _that_can_drive(problem: Problem, vehicles: list[Vehicle], row: int) -> list[Vehicle]:
    """Those that can drive there and on to where they end; all of them if none can."""
    return [vehicle for vehicle in vehicles if row >= 0 and problem.drives_to(vehicle, row)] or vehicles


def _row(problem: Problem, site: Site, order: DispatchOrder) -> int:
    """-1 off the roads."""
    point = site.place.access_point
    return problem.row_in_wave.get((point, order.id), problem.row_of.get(point, -1))


def _too_many_visits(row: int, site: Site) -> BadInput:
    zh = f"到点位“{site.place.id}”为止，拆分后的配送任务超过 {MOST_VISITS} 个；请核对需求数量，或分区制定计划"
    en = (
        f"up to site {site.place.id!r} the demand splits into more than {MOST_VISITS} visits, the most a plan may hold;"
        " check the quantities, or plan in several districts"
    )
    return BadInput.one(zh, en, pointer=f"/sites/{row}")


def _visit(
    problem: Problem, site: Site, part: int, order: DispatchOrder, lines: tuple[DemandLine, ...], load: Load
) -> Visit:
    service_s = site.service_s + round(site.service_per_crate_s * load.crates)
    return Visit(
        site=site.place.id,
        part=part,
        order=order,
        lines=lines,
        load=load,
        service_s=service_s,
        windows=start_windows(site, order, service_s),
        priority=site.priority,
        required=site.required,
        row=_row(problem, site, order),
        target_s=site.target_s,
        zone=max(site.zone, problem.zone_levels.get((site.place.access_point, order.id), ZoneLevel.OPEN)),
        allowed=site.allowed,
        needs_pass=site.needs_pass,
        preferred=site.preferred,
    )


def start_windows(site: Site, order: DispatchOrder, service_s: int) -> tuple[Interval, ...]:
    """When service may begin: the site's hours within the wave, shortened where service must end by closing time."""
    wave = Interval(order.order_s, order.limit_s)
    if site.receiving is None:
        return (wave,)
    shorter = service_s if site.finish_by_close else 0
    clipped = (Interval(hours.open_s, hours.close_s - shorter).meet(wave) for hours in site.receiving)
    return tuple(window for window in clipped if window is not None)


# --- splitting --------------------------------------------------------------------------------------------------


def _together(demand: Demand, kinds: dict[str, SupplyKind], depots: Sequence[Depot]) -> list[list[DemandLine]]:
    """The lines of a demand in groups that may ride together and that some depot holds together.

    A line of which no depot holds enough is cut into what the fullest holds.
    """
    groups: list[list[DemandLine]] = []
    pieces = (piece for line in demand.lines if line.units for piece in _in_stock(line, depots))
    for piece in pieces:
        group = next((group for group in groups if _joins(piece, group, kinds, depots)), None)
        if group is None:
            groups.append([piece])
        else:
            group.append(piece)
    return groups


def _in_stock(line: DemandLine, depots: Sequence[Depot]) -> Iterator[DemandLine]:
    if any(line.kind not in depot.stock for depot in depots):
        yield line
        return
    fullest_first = sorted((depot.stock[line.kind] for depot in depots), reverse=True)
    left = line.units
    for units in fullest_first:
        if not 0 < units < left:
            break
        yield DemandLine(line.kind, units)
        left -= units
    yield DemandLine(line.kind, left)


def _joins(
    line: DemandLine, group: Sequence[DemandLine], kinds: dict[str, SupplyKind], depots: Sequence[Depot]
) -> bool:
    others = {other.kind for other in group}
    if line.kind in others or others & kinds[line.kind].apart or any(line.kind in kinds[kind].apart for kind in others):
        return False
    lines = [*group, line]
    return any(all(depot.stock.get(each.kind, each.units) >= each.units for each in lines) for depot in depots)


def _split(
    wanted: Sequence[DemandLine], vehicles: Sequence[Vehicle], kinds: dict[str, SupplyKind], most: int
) -> Iterator[tuple[tuple[DemandLine, ...], bool]]:
    """Parts of a demand, full loads first; then, apart, the lines of which one unit fits no vehicle."""
    carried = [line for line in wanted if _fits_some(kinds[line.kind].load(1), vehicles)]
    together = [carried] if _able(carried, vehicles, kinds) else [[line] for line in carried]
    for group in together:
        for part in _full_loads(group, vehicles, kinds, most):
            most -= 1
            yield part, False
    oversized = tuple(line for line in wanted if line not in carried)
    if oversized:
        yield oversized, True


def _able(lines: Sequence[DemandLine], vehicles: Sequence[Vehicle], kinds: dict[str, SupplyKind]) -> list[Load]:
    """Capacities that hold a single unit of every line."""
    units = [kinds[line.kind].load(1) for line in lines]
    return [vehicle.capacity for vehicle in vehicles if all(unit.fits(vehicle.capacity) for unit in units)]


def _fits_some(load: Load, vehicles: Sequence[Vehicle]) -> bool:
    return any(load.fits(vehicle.capacity) for vehicle in vehicles)


def _full_loads(
    lines: Sequence[DemandLine], vehicles: Sequence[Vehicle], kinds: dict[str, SupplyKind], most: int
) -> Iterator[tuple[DemandLine, ...]]:
    capacity = _part_capacity(lines, vehicles, kinds)
    left = list(lines)
    while left and most > 0:
        part, left = _fill(left, capacity, kinds)
        most -= 1
        yield part


def _part_capacity(lines: Sequence[DemandLine], vehicles: Sequence[Vehicle], kinds: dict[str, SupplyKind]) -> Load:
    """The vehicle a demand is cut for: the largest such that, with those at least as large, it is half the fleet.

    Cutting for the largest of all would leave the many small vehicles idle; for the smallest, the large ones would
    have to come as often as the small. Every line's single unit fits the vehicle chosen.
    """
    whole = total_load(kinds[line.kind].load(line.units) for line in lines)
    able = _able(lines, vehicles, kinds)
    ranked = sorted(able, key=lambda capacity: _share(whole, capacity), reverse=True)
    shares = np.cumsum([_share(whole, capacity) for capacity in ranked])
    return ranked[int(np.searchsorted(shares, shares[-1] / 2))]


def _share(load: Load, capacity: Load) -> float:
    """How many times a capacity holds a load."""
    return min(
        (limit / amount for amount, limit in zip(load, capacity, strict=True) if amount and limit < UNBOUND),
        default=ANY_NUMBER_OF_TIMES,
    )


def _fill(
    lines: Sequence[DemandLine], capacity: Load, kinds: dict[str, SupplyKind]
) -> tuple[tuple[DemandLine, ...], list[DemandLine]]:
    """One vehicle's worth off the front of the lines, at least a unit, and what remains."""
    taken: list[DemandLine] = []
    remaining: list[DemandLine] = []
    load = Load()
    for line in lines:
        units = _units_that_fit(kinds[line.kind], line.units, load, capacity)
        if units:
            taken.append(DemandLine(line.kind, units))
            load = load.plus(kinds[line.kind].load(units))
        if units < line.units:
            remaining.append(DemandLine(line.kind, line.units - units))
    return tuple(taken), remaining


def _units_that_fit(kind: SupplyKind, wanted: int, load: Load, capacity: Load) -> int:
    low, high = 0, wanted
    while low < high:
        middle = (low + high + 1) // 2
        if load.plus(kind.load(middle)).fits(capacity):
            low = middle
        else:
            high = middle - 1
    return low
