"""The state of a day under way: what a coordinator says of it, what follows from the earlier plan, and its document."""

from __future__ import annotations

from collections.abc import Iterator

from api import schemas
from api.complaints import pointer_to
from geodata.errors import BadInput, Complaint, Text
from routing.midday import DayState, VehicleNow, state_by_plan
from routing.model import DemandLine, Plan, Problem


def day_state(document: schemas.StateDocument, problem: Problem, earlier: Plan) -> DayState:
    """All went as the earlier plan has it, but for what the document says. Raises BadInput for names nobody has."""
    complaints = list(_unknown_names(document, problem))
    if complaints:
        raise BadInput(complaints)
    now_s = round((document.now_at - problem.scenario.epoch).total_seconds())
    if now_s < 0:
        raise BadInput.one("时刻早于调配指令", "is before the dispatch order", pointer="/state/now_at")
    by_plan = state_by_plan(problem, earlier, now_s, failed=document.failed, lost=document.lost_vehicles)
    told = {entry.vehicle: _vehicle_now(entry, problem, now_s) for entry in document.vehicles}
    others = [each for each in by_plan.vehicles if each.vehicle not in told]
    return DayState(
        now_s=now_s,
        vehicles=(*others, *told.values()),
        done=(by_plan.done | frozenset(document.done)) - frozenset(document.failed),
        lost=by_plan.lost,
        sent=by_plan.sent,
    )


def _vehicle_now(entry: schemas.VehicleStateEntry, problem: Problem, now_s: int) -> VehicleNow:
    depot = problem.depots.get(entry.at)
    sites = {site.place.id: site.place for site in problem.scenario.sites}
    place = depot.place if depot is not None else sites[entry.at]
    on_board = tuple(DemandLine(line.kind, line.units) for line in entry.on_board if line.units)
    return VehicleNow(
        vehicle=entry.vehicle,
        access_point=place.access_point,
        free_s=now_s + entry.free_in_s,
        depot=None if on_board else entry.at,
        on_board=on_board,
        loops_made=entry.loops_made,
    )


def _unknown_names(document: schemas.StateDocument, problem: Problem) -> Iterator[Complaint]:
    visits = {visit.id for visit in problem.visits} | {left.visit.id for left in problem.dismissed}
    vehicles = {vehicle.id for vehicle in problem.scenario.vehicles}
    places = {site.place.id for site in problem.scenario.sites} | problem.depots.keys()
    kinds = {kind.id for kind in problem.scenario.kinds}
    named = [(pointer_to("state", "done", index), name, visits) for index, name in enumerate(document.done)]
    named += [(pointer_to("state", "failed", index), name, visits) for index, name in enumerate(document.failed)]
    named += [
        (pointer_to("state", "lost_vehicles", n), name, vehicles) for n, name in enumerate(document.lost_vehicles)
    ]
    for index, entry in enumerate(document.vehicles):
        named.append((pointer_to("state", "vehicles", index, "vehicle"), entry.vehicle, vehicles))
        named.append((pointer_to("state", "vehicles", index, "at"), entry.at, places))
        named += [
            (pointer_to("state", "vehicles", index, "on_board", line_number, "kind"), line.kind, kinds)
            for line_number, line in enumerate(entry.on_board)
        ]
        if not entry.on_board and entry.at not in problem.depots:
            text = Text("车上无货时须在储备库", "a vehicle with nothing on board must be at a depot")
            yield Complaint(text, pointer=pointer_to("state", "vehicles", index, "at"))
    for pointer, name, known in named:
        if name not in known:
            yield Complaint(Text(f"没有“{name}”", f"there is no {name!r}"), pointer=pointer)


# --- in the plan document -----------------------------------------------------------------------------------------


def day_entry(state: DayState) -> schemas.DayEntry:
    """The state with everything that followed from the earlier plan, so that the plan can be judged by itself."""
    return schemas.DayEntry(
        now_s=state.now_s,
        done=tuple(sorted(state.done)),
        lost_vehicles=tuple(sorted(state.lost)),
        vehicles=tuple(
            schemas.VehicleNowEntry(
                vehicle=each.vehicle,
                access_point=each.access_point,
                free_s=each.free_s,
                depot=each.depot,
                on_board=tuple(schemas.LineEntry(kind=line.kind, units=line.units) for line in each.on_board),
                loops_made=each.loops_made,
            )
            for each in state.vehicles
        ),
        sent=tuple(
            schemas.SentEntry(depot=depot, kind=kind, units=units)
            for (depot, kind), units in sorted(state.sent.items())
        ),
    )


def state_of_entry(entry: schemas.DayEntry, problem: Problem) -> DayState:
    """The state a plan document states. Raises BadInput for names nobody has."""
    points = {point.id for point in problem.scenario.access_points}
    wrong = [
        Complaint(
            Text(f"没有“{each.access_point}”", f"there is no {each.access_point!r}"),
            pointer=pointer_to("day", "vehicles", n),
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
            )
            for each in entry.vehicles
        ),
        done=frozenset(entry.done),
        lost=frozenset(entry.lost_vehicles),
        sent={(each.depot, each.kind): each.units for each in entry.sent},
    )
