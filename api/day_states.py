"""The state of a day under way: what a coordinator says of it, what follows from the earlier plan, and its document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from api import schemas
from api.complaints import pointer_to
from api.plan_documents import plan_of_document
from geodata.errors import BadInput, Complaint, Text
from routing.day_state import MORNING, DayState, VehicleNow
from routing.midday import goods_moved, rest_of_day, state_by_plan
from routing.model import DemandLine, Place, Problem, Site, Vehicle, ZoneLevel, total_load


def day_state(document: schemas.StateDocument, problem: Problem, earlier: schemas.PlanDocument) -> DayState:
    """All went as the earlier plan has it, but for what the document says.

    ``problem`` is the whole day's; the plan may be one of the rest of it. Raises BadInput for what cannot be so.
    """
    names = _Names.of(problem)
    complaints = list(_unknown_names(document, names))
    if complaints:
        raise BadInput(complaints)
    now_s = round((document.now_at - problem.scenario.epoch).total_seconds())
    if now_s < (0 if earlier.day is None else earlier.day.now_s):
        zh, en = (
            "时刻早于调配指令，或早于原方案的起点",
            "is before the dispatch order, or before the earlier plan begins",
        )
        raise BadInput.one(zh, en, pointer="/state/now_at")
    by_plan = _state_by_plan(document, problem, earlier, now_s)
    vehicles = {each.vehicle: each for each in by_plan.vehicles}
    told = {entry.vehicle: _vehicle_now(entry, names, vehicles, now_s) for entry in document.vehicles}
    vehicles = {name: now for name, now in vehicles.items() if name not in told} | told
    vehicles = _Transfers(names, vehicles, now_s).made(document)
    return replace(
        by_plan,
        vehicles=tuple(each for each in vehicles.values() if each.vehicle not in document.lost_vehicles),
        lost=by_plan.lost | frozenset(document.lost_vehicles),
        lost_drivers=by_plan.lost_drivers | frozenset(document.lost_drivers),
    )


def _state_by_plan(
    document: schemas.StateDocument, problem: Problem, earlier: schemas.PlanDocument, now_s: int
) -> DayState:
    """By the plan alone, as if no vehicle had been lost since: what a lost one had on board can be saved."""
    before = MORNING if earlier.day is None else state_of_entry(earlier.day, problem, "previous")
    solved = problem if earlier.day is None else rest_of_day(problem, before)
    plan = plan_of_document(earlier, solved)
    return state_by_plan(solved, plan, now_s, early=document.done, failed=document.failed, before=before)


@dataclass(frozen=True, slots=True)
class _Names:
    """The problem, looked up by name."""

    problem: Problem
    vehicles: Mapping[str, Vehicle]
    sites: Mapping[str, Site]
    places: Mapping[str, Place]

    @classmethod
    def of(cls, problem: Problem) -> _Names:
        scenario = problem.scenario
        sites = {site.place.id: site for site in scenario.sites}
        return cls(
            problem=problem,
            vehicles={vehicle.id: vehicle for vehicle in scenario.vehicles},
            sites=sites,
            places={name: site.place for name, site in sites.items()}
            | {name: depot.place for name, depot in problem.depots.items()},
        )

    def risk_at(self, place: str, vehicle: str) -> ZoneLevel:
        """Where the vehicle stops for it: at a gate, if it is one that hands over there. Depots are outside of all zones."""
        if place not in self.sites or place in self.problem.depots:
            return ZoneLevel.OPEN
        visits = [visit for visit in self.problem.visits if visit.site == place]
        levels = (self.problem.zone_of(self.vehicles[vehicle], visit) for visit in visits)
        return max(levels, default=self.sites[place].zone)


def _vehicle_now(
    entry: schemas.VehicleStateEntry, names: _Names, by_plan: Mapping[str, VehicleNow], now_s: int
) -> VehicleNow:
    on_board = tuple(DemandLine(line.kind, line.units) for line in entry.on_board if line.units)
    planned = by_plan.get(entry.vehicle)
    been = names.risk_at(entry.at, entry.vehicle)
    been = been if planned is None else max(planned.been, been)
    return VehicleNow(
        vehicle=entry.vehicle,
        access_point=names.places[entry.at].access_point,
        free_s=now_s + entry.free_in_s,
        depot=None if on_board else entry.at,
        on_board=on_board,
        loops_made=entry.loops_made,
        been=been if entry.been is None else _level(entry.been),
    )


def _level(zone: schemas.RiskLevel) -> ZoneLevel:
    return ZoneLevel[zone.upper()] if zone else ZoneLevel.OPEN


# --- goods that change vehicles -----------------------------------------------------------------------------------


class _Transfers:
    """Goods on lost vehicles that others take over, one after the other as they are listed."""

    def __init__(self, names: _Names, vehicles: Mapping[str, VehicleNow], now_s: int) -> None:
        self._names = names
        self._now = dict(vehicles)
        self._now_s = now_s

    def made(self, document: schemas.StateDocument) -> dict[str, VehicleNow]:
        """The vehicles afterwards. Raises BadInput for goods that are not there, do not fit or must be kept apart."""
        complaints: list[Complaint] = []
        told = {entry.vehicle for entry in document.vehicles}
        for index, entry in enumerate(document.transfers):
            wrong = [*self._wrong_parties(entry, document), *self._wrong_place(entry, told)]
            wrong = wrong or list(self._wrong_goods(entry)) or self._moved(entry)
            complaints += [Complaint(text, pointer=pointer_to("state", "transfers", index, at)) for at, text in wrong]
        for index, told_entry in enumerate(document.vehicles):
            at = pointer_to("state", "vehicles", index, "on_board")
            complaints += [Complaint(text, pointer=at) for text in self._overloads(self._now[told_entry.vehicle])]
        if complaints:
            raise BadInput(complaints)
        return self._now

    def _wrong_parties(
        self, entry: schemas.GoodsTransferEntry, document: schemas.StateDocument
    ) -> Iterator[tuple[str, Text]]:
        if entry.from_vehicle not in document.lost_vehicles:
            zh, en = "不在失去的车辆之中", "is not among the lost vehicles"
            yield "from_vehicle", Text(f"车辆“{entry.from_vehicle}”{zh}", f"vehicle {entry.from_vehicle!r} {en}")
        if entry.to_vehicle in document.lost_vehicles:
            zh, en = "已失去，不能接货", "is lost and cannot take goods over"
            yield "to_vehicle", Text(f"车辆“{entry.to_vehicle}”{zh}", f"vehicle {entry.to_vehicle!r} {en}")

    def _wrong_place(self, entry: schemas.GoodsTransferEntry, told: set[str]) -> Iterator[tuple[str, Text]]:
        if entry.at is not None and entry.to_vehicle in told:
            zh = f"车辆“{entry.to_vehicle}”的位置已在 vehicles 中写明"
            yield "at", Text(zh, f"vehicles already says where {entry.to_vehicle!r} is")
        if entry.at is None and entry.free_in_s:
            yield "free_in_s", Text("须同时写明地点 at", "takes a place, at")

    def _wrong_goods(self, entry: schemas.GoodsTransferEntry) -> Iterator[tuple[str, Text]]:
        giver = self._now.get(entry.from_vehicle)
        on_board = Counter({line.kind: line.units for line in giver.on_board} if giver else {})
        wanted = Counter[str]()
        for line in entry.lines or ():
            wanted[line.kind] += line.units
        if not on_board:
            zh, en = f"车辆“{entry.from_vehicle}”上没有货物", f"vehicle {entry.from_vehicle!r} has nothing on board"
            yield "from_vehicle", Text(zh, en)
        elif not (wanted if entry.lines else on_board).total():
            yield "lines", Text("没有货物", "moves nothing")
        for kind in sorted(wanted - on_board) if on_board else ():
            zh = f"“{kind}”要转 {wanted[kind]} 件，车上只有 {on_board[kind]} 件"
            yield "lines", Text(zh, f"moves {wanted[kind]} of {kind}; {on_board[kind]} are on board")

    def _moved(self, entry: schemas.GoodsTransferEntry) -> list[tuple[str, Text]]:
        """Move the goods, or say why they cannot be."""
        giver, taker = self._now[entry.from_vehicle], self._taker(entry)
        lines = entry.lines or giver.on_board
        given, taken = goods_moved(giver, taker, [DemandLine(line.kind, line.units) for line in lines])
        risk = ZoneLevel.OPEN if entry.at is None else self._names.risk_at(entry.at, entry.to_vehicle)
        taken = replace(taken, been=max(taken.been, risk))
        vehicle = self._names.vehicles[entry.to_vehicle]
        if taken.loops_made > vehicle.max_loops:
            zh, en = f"已跑满 {vehicle.max_loops} 趟", f"has made all of its {vehicle.max_loops} loops"
            return [("to_vehicle", Text(f"车辆“{vehicle.id}”{zh}", f"vehicle {vehicle.id!r} {en}"))]
        wrong = list(self._overloads(taken))
        if not wrong:
            self._now |= {entry.from_vehicle: given, entry.to_vehicle: taken}
        return [("to_vehicle", text) for text in wrong]

    def _taker(self, entry: schemas.GoodsTransferEntry) -> VehicleNow:
        taker = self._now.get(entry.to_vehicle)
        if taker is None:
            start = self._names.vehicles[entry.to_vehicle].start
            point = self._names.places[start].access_point
            taker = VehicleNow(entry.to_vehicle, point, self._now_s, start)
        if entry.at is None:
            return taker
        return replace(
            taker,
            access_point=self._names.places[entry.at].access_point,
            free_s=self._now_s + entry.free_in_s,
        )

    def _overloads(self, now: VehicleNow) -> Iterator[Text]:
        """What is on board fits the vehicle and may ride together."""
        kinds = {kind.id: kind for kind in self._names.problem.scenario.kinds}
        if not total_load(kinds[line.kind].load(line.units) for line in now.on_board).fits(
            self._names.vehicles[now.vehicle].capacity
        ):
            zh, en = "装不下这些货物", "does not hold these goods"
            yield Text(f"车辆“{now.vehicle}”{zh}", f"vehicle {now.vehicle!r} {en}")
        on_board = sorted(line.kind for line in now.on_board)
        for one in on_board:
            for other in sorted(kinds[one].apart.intersection(on_board)):
                zh, en = f"“{one}”与“{other}”不得同车", f"{one} and {other} must not share a loop"
                yield Text(f"车辆“{now.vehicle}”上{zh}", f"on vehicle {now.vehicle!r} {en}")


# --- names --------------------------------------------------------------------------------------------------------


def _unknown_names(document: schemas.StateDocument, names: _Names) -> Iterator[Complaint]:
    scenario = names.problem.scenario
    visits = {visit.id for visit in names.problem.visits} | {left.visit.id for left in names.problem.dismissed}
    drivers = {driver.id for driver in scenario.drivers}
    named = chain(
        ((("done", n), name, visits) for n, name in enumerate(document.done)),
        ((("failed", n), name, visits) for n, name in enumerate(document.failed)),
        ((("lost_vehicles", n), name, names.vehicles) for n, name in enumerate(document.lost_vehicles)),
        ((("lost_drivers", n), name, drivers) for n, name in enumerate(document.lost_drivers)),
        _named_by_vehicles(document, names),
        _named_by_transfers(document, names),
    )
    for steps, name, known in named:
        if name not in known:
            yield Complaint(Text(f"没有“{name}”", f"there is no {name!r}"), pointer=pointer_to("state", *steps))
    yield from _stranded(document, names)
    yield from _repeated(document)


_Named = tuple[tuple[str | int, ...], str, Iterable[str]]


def _named_by_vehicles(document: schemas.StateDocument, names: _Names) -> Iterator[_Named]:
    kinds = {kind.id for kind in names.problem.scenario.kinds}
    for index, entry in enumerate(document.vehicles):
        yield ("vehicles", index, "vehicle"), entry.vehicle, names.vehicles
        yield ("vehicles", index, "at"), entry.at, names.places
        for number, line in enumerate(entry.on_board):
            yield ("vehicles", index, "on_board", number, "kind"), line.kind, kinds


def _named_by_transfers(document: schemas.StateDocument, names: _Names) -> Iterator[_Named]:
    kinds = {kind.id for kind in names.problem.scenario.kinds}
    for index, entry in enumerate(document.transfers):
        yield ("transfers", index, "from_vehicle"), entry.from_vehicle, names.vehicles
        yield ("transfers", index, "to_vehicle"), entry.to_vehicle, names.vehicles
        if entry.at is not None:
            yield ("transfers", index, "at"), entry.at, names.places
        for number, line in enumerate(entry.lines or ()):
            yield ("transfers", index, "lines", number, "kind"), line.kind, kinds


def _stranded(document: schemas.StateDocument, names: _Names) -> Iterator[Complaint]:
    takers = {entry.to_vehicle for entry in document.transfers}
    for index, entry in enumerate(document.vehicles):
        if not entry.on_board and entry.at not in names.problem.depots and entry.vehicle not in takers:
            text = Text("车上无货时须在储备库", "a vehicle with nothing on board must be at a depot")
            yield Complaint(text, pointer=pointer_to("state", "vehicles", index, "at"))


def _repeated(document: schemas.StateDocument) -> Iterator[Complaint]:
    first = {entry.vehicle: index for index, entry in reversed(list(enumerate(document.vehicles)))}
    for index, entry in enumerate(document.vehicles):
        if first[entry.vehicle] != index:
            text = Text(f"车辆“{entry.vehicle}”重复", f"vehicle {entry.vehicle!r} is listed twice")
            yield Complaint(text, pointer=pointer_to("state", "vehicles", index, "vehicle"))


# --- in the plan document -----------------------------------------------------------------------------------------


def day_entry(state: DayState) -> schemas.DayEntry:
    """The state with everything that followed from the earlier plan, so that the plan can be judged by itself."""
    return schemas.DayEntry(
        now_s=state.now_s,
        done=tuple(sorted(state.done)),
        lost_vehicles=tuple(sorted(state.lost)),
        lost_drivers=tuple(sorted(state.lost_drivers)),
        vehicles=tuple(_vehicle_entry(each) for each in state.vehicles),
        sent=tuple(
            schemas.SentEntry(depot=depot, kind=kind, units=units)
            for (depot, kind), units in sorted(state.sent.items())
        ),
    )


def _vehicle_entry(now: VehicleNow) -> schemas.VehicleNowEntry:
    levels: dict[ZoneLevel, schemas.RiskLevel] = {
        ZoneLevel.OPEN: "",
        ZoneLevel.PRECAUTIONARY: "precautionary",
        ZoneLevel.CONTROLLED: "controlled",
        ZoneLevel.SEALED: "sealed",
    }
    return schemas.VehicleNowEntry(
        vehicle=now.vehicle,
        access_point=now.access_point,
        free_s=now.free_s,
        depot=now.depot,
        on_board=tuple(schemas.LineEntry(kind=line.kind, units=line.units) for line in now.on_board),
        loops_made=now.loops_made,
        been=levels[now.been],
    )


def state_of_entry(entry: schemas.DayEntry, problem: Problem, *inside: str) -> DayState:
    """The state a plan document states, which lies ``inside`` another. Raises BadInput for names nobody has."""
    points = {point.id for point in problem.scenario.access_points}
    wrong = [
        Complaint(
            Text(f"没有“{each.access_point}”", f"there is no {each.access_point!r}"),
            pointer=pointer_to(*inside, "day", "vehicles", n),
        )
        for n, each in enumerate(entry.vehicles)
        if each.access_point not in points or (each.depot is not None and each.depot not in problem.depots)
    ]
    if wrong:
        raise BadInput(wrong)
    return DayState(
        now_s=entry.now_s,
        vehicles=tuple(
            VehicleNow(
                vehicle=each.vehicle,
                access_point=each.access_point,
                free_s=each.free_s,
                depot=each.depot,
                on_board=tuple(DemandLine(line.kind, line.units) for line in each.on_board),
                loops_made=each.loops_made,
                been=_level(each.been),
            )
            for each in entry.vehicles
        ),
        done=frozenset(entry.done),
        lost=frozenset(entry.lost_vehicles),
        sent={(each.depot, each.kind): each.units for each in entry.sent},
        lost_drivers=frozenset(entry.lost_drivers),
    )
