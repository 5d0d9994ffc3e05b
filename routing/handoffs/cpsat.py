"""One independent part by CP-SAT: bays, crews and lanes together, started from and judged against the list schedule.

Like bays and lanes are a resource with a capacity, dealt out afterwards in the order of starts. Crews with ways between
sites are circuits over their tasks. Door rounds count by the instant their goods are ready. What the list schedule arranged
stays arranged; what it could not may be. One worker, a seed and a deterministic limit: the same input gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from routing.handoffs.collection import Batch, batches_of
from routing.handoffs.distribution import CollectionStarts, TripsBySite
from routing.handoffs.figures import people_at
from routing.handoffs.model import (
    Arrival,
    BaySlot,
    CollectionSlot,
    Crew,
    CrewTask,
    Mode,
    SiteInput,
    Work,
)
from routing.handoffs.reception import Asked, Reception, sorting_work
from routing.model import Seconds

MOST_TASKS = 120
"""Of a crew with ways between sites: their circuit has the square of it in arcs."""

MOST_INTERVALS = 1_500
UNMET, LATE = 10**17, 10**15
"""What one unmet thing and one late stop cost, far above a second late; seconds late weigh as all waiting together."""


_Key = tuple[str, bool]
"""A task: its stop, and whether it is sorting."""

NOBODY: _Key = ("", False)
"""Before the first task of a crew and after the last."""


class Window(NamedTuple):
    """When a stop may begin without moving other parts of the schedule: from, until (None: any time), and where it comes from."""

    from_s: Seconds
    until_s: Seconds | None


class Improved(NamedTuple):
    reception: Reception
    starts_s: CollectionStarts
    work: float


@dataclass(slots=True)
class _Task:
    """Of a crew at a site: one interval per crew that may do it, of which one is present."""

    key: _Key
    site: str
    start: Any
    end: Any
    by: dict[str, Any] = field(default_factory=dict)
    length: dict[str, Seconds] = field(default_factory=dict)


@dataclass(slots=True)
class _StopVars:
    start: Any
    received: Any
    finished: Any
    reception: _Task
    sorting: _Task
    late: Any = None


class Part(NamedTuple):
    """What is solved: the stops, when each may begin, and their state by the list schedule."""

    stops: Sequence[Arrival]
    windows: Mapping[str, Window]
    reception: Reception
    collected: Sequence[CollectionSlot]


def improve(asked: Asked, part: Part, trips: TripsBySite, *, seed: int, limit: float) -> Improved | None:
    """A schedule of the part that may be better; None where it is too large or nothing was found within the limit."""
    model = _Model(asked, part, trips)
    return model.solve(seed, limit) if model.fits else None


class _Model:
    def __init__(self, asked: Asked, part: Part, trips: TripsBySite) -> None:
        self._asked, self._part, self._trips = asked, part, trips
        self._model = cp_model.CpModel()
        self._weights = asked.given.weights
        self._sites = list(dict.fromkeys(arrival.site for arrival in part.stops))
        self._batches = {site: _batches(asked, site) for site in self._sites}
        self._horizon = self._last_instant() + 86_400
        self._stops: dict[str, _StopVars] = {}
        self._collected: dict[tuple[str, int, int], tuple[Any, Any]] = {}
        self._follows: dict[str, dict[tuple[_Key, _Key], Any]] = {}
        self._costs: list[Any] = []

    @property
    def fits(self) -> bool:
        """Whether it is small enough to be worth the while."""
        crews = {crew for site in self._sites for crew in self._asked.sites[site].crews}
        per_crew = 2 * len(self._part.stops)
        moving = any(self._asked.crews[crew].travel_s for crew in crews)
        intervals = per_crew * len(crews) + sum(map(len, self._batches.values()))
        return intervals <= MOST_INTERVALS and (not moving or per_crew <= MOST_TASKS)

    def solve(self, seed: int, limit: float) -> Improved | None:
        for arrival in self._part.stops:
            self._add_stop(arrival)
        for arrival in self._part.stops:
            self._add_order(arrival)
        self._add_bays()
        self._add_crews()
        for site in self._sites:
            self._add_site(self._asked.sites[site])
        self._hint()
        self._model.minimize(sum(self._costs))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.max_deterministic_time = limit
        solver.parameters.interleave_search = True  # several strategies by turns, also with one worker
        solver.parameters.cp_model_probing_level = 0  # on circuits it would eat the limit up
        status = solver.solve(self._model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return self._read(solver)

    # --- variables and rules ---

    def _last_instant(self) -> Seconds:
        ends = [task.end_s for task in self._part.reception.tasks] + [slot.end_s for slot in self._part.collected]
        ends += [arrival.start_s + arrival.service_s for arrival in self._part.stops]
        ends += [self._asked.sites[site].hours.open_s for site in self._sites]
        return max(ends)

    def _add_stop(self, arrival: Arrival) -> None:
        model, site = self._model, self._asked.sites[arrival.site]
        window = self._part.windows[arrival.stop]
        until_s = self._horizon if window.until_s is None else window.until_s
        start = model.new_int_var(window.from_s, max(until_s, window.from_s), "")
        received = self._presence(arrival.stop in self._part.reception.bays)
        finished = self._presence(arrival.stop in self._part.reception.sorted_s)
        model.add_implication(finished, received)
        reception = self._add_reception(arrival, site, start, received)
        sorting = self._add_task(
            (arrival.stop, True), finished, {crew: self._sorting_s(site, arrival, crew) for crew in site.crews}
        )
        model.add(sorting.start >= reception.end).only_enforce_if(finished)
        self._stops[arrival.stop] = _StopVars(start, received, finished, reception, sorting)
        self._price_stop(arrival, site, self._stops[arrival.stop])

    def _add_reception(self, arrival: Arrival, site: SiteInput, start: Any, received: Any) -> _Task:
        lengths = dict.fromkeys(site.crews, arrival.service_s)
        if not site.cold:
            return self._add_task((arrival.stop, False), received, lengths, start)
        task = self._add_task((arrival.stop, False), received, lengths)
        gap_s = self._asked.owners[arrival.owner].gap_s
        self._model.add(task.start >= start + arrival.service_s + gap_s)
        return task

    def _sorting_s(self, site: SiteInput, arrival: Arrival, crew: str) -> Seconds:
        return site.sorting_s(arrival.crates, self._asked.crews[crew].persons)

    def _presence(self, arranged: bool) -> Any:  # noqa: FBT001
        return self._model.new_constant(1) if arranged else self._model.new_bool_var("")

    def _add_task(self, key: _Key, present: Any, lengths: Mapping[str, Seconds], start: Any = None) -> _Task:
        """A crew's task at the site, by one of the crews if it is present at all."""
        model = self._model
        begin = model.new_int_var(0, self._horizon, "") if start is None else start
        task = _Task(
            key,
            self._asked.arrivals[key[0]].site,
            begin,
            model.new_int_var(0, 2 * self._horizon, ""),
            length=dict(lengths),
        )
        for crew, length_s in lengths.items():
            chosen = present if len(lengths) == 1 else model.new_bool_var("")
            hours = self._asked.crews[crew].hours
            model.add(task.end == begin + length_s).only_enforce_if(chosen)
            model.add(begin >= hours.open_s).only_enforce_if(chosen)
            model.add(task.end <= hours.close_s).only_enforce_if(chosen)
            task.by[crew] = chosen
        model.add(sum(task.by.values()) == present)
        return task

    def _price_stop(self, arrival: Arrival, site: SiteInput, stop: _StopVars) -> None:
        model = self._model
        self._costs += [UNMET * (1 - stop.finished)]
        if self._part_is_late() or arrival.stop not in self._part.reception.bays:
            late_s = model.new_int_var(0, self._horizon, "")
            model.add(late_s >= stop.start - arrival.latest_s).only_enforce_if(stop.received)
            stop.late = model.new_bool_var("")
            model.add(late_s == 0).only_enforce_if(stop.late.negated())
            self._costs += [LATE * stop.late, self._per_second() * late_s]
        else:
            model.add(stop.start <= arrival.latest_s)
        if site.mode is Mode.SITE_CREW:
            self._costs.append((self._weights.mean + 0) * self._if_present(stop.sorting.end, stop.finished))

    def _if_present(self, end: Any, present: Any) -> Any:
        """The instant where it is present, else none."""
        instant = self._model.new_int_var(0, 2 * self._horizon, "")
        self._model.add(instant >= end).only_enforce_if(present)
        return instant

    def _part_is_late(self) -> bool:
        bays = self._part.reception.bays
        return any(
            bays[arrival.stop].taken_s > arrival.latest_s for arrival in self._part.stops if arrival.stop in bays
        )

    def _per_second(self) -> int:
        people = sum(people_at(self._asked.sites[site]) for site in self._sites)
        return (self._weights.mean + self._weights.vulnerable + self._weights.last) * people * 10_000

    def _add_order(self, arrival: Arrival) -> None:
        """A vehicle's later stop in the same part waits for the one before."""
        before = self._stops.get(arrival.after or "")
        if before is not None:
            service_s = self._asked.arrivals[arrival.after or ""].service_s
            here = self._stops[arrival.stop]
            self._model.add(here.start >= before.start + service_s + arrival.lead_s).only_enforce_if(before.received)

    def _add_bays(self) -> None:
        model = self._model
        intervals: dict[str, list[Any]] = {}
        for arrival in self._part.stops:
            owner, stop = self._asked.owners[arrival.owner], self._stops[arrival.stop]
            least_s = arrival.service_s + owner.gap_s + owner.buffer_s
            end = model.new_int_var(0, 2 * self._horizon, "")
            size = model.new_int_var(least_s, 2 * self._horizon, "")
            if self._asked.sites[arrival.site].cold:
                model.add(end >= stop.reception.end + owner.buffer_s).only_enforce_if(stop.received)
            else:
                model.add(size == least_s)
            interval = model.new_optional_interval_var(stop.start, size, end, stop.received, "")
            intervals.setdefault(owner.id, []).append(interval)
        for name, together in intervals.items():
            self._share(together, self._asked.owners[name].bays)

    def _share(self, intervals: list[Any], capacity: int) -> None:
        if capacity == 1:
            self._model.add_no_overlap(intervals)
        else:
            self._model.add_cumulative(intervals, [1] * len(intervals), capacity)

    def _add_crews(self) -> None:
        tasks = [task for stop in self._stops.values() for task in (stop.reception, stop.sorting)]
        for name in dict.fromkeys(crew for task in tasks for crew in task.by):
            crew = self._asked.crews[name]
            own = [task for task in tasks if name in task.by]
            if any(crew.between_s(one.site, own[0].site) for one in own) or _moves(crew, own):
                self._add_circuit(crew, own)
            else:
                self._model.add_no_overlap([self._interval(name, task) for task in own])
            used = self._model.new_bool_var("")
            for task in own:
                self._model.add(used >= task.by[name])
            self._costs.append(self._weights.person_s * crew.persons * used)

    def _interval(self, crew: str, task: _Task) -> Any:
        return self._model.new_optional_fixed_size_interval_var(task.start, task.length[crew], task.by[crew], "")

    def _add_circuit(self, crew: Crew, tasks: Sequence[_Task]) -> None:
        """The order of a crew's tasks, with the way from each to the next."""
        model, arcs = self._model, []
        follows = self._follows.setdefault(crew.id, {})
        for number, task in enumerate(tasks, start=1):
            first, last = model.new_bool_var(""), model.new_bool_var("")
            follows[NOBODY, task.key], follows[task.key, NOBODY] = first, last
            arcs += [(0, number, first), (number, 0, last), (number, number, task.by[crew.id].negated())]
            for other_number, other in enumerate(tasks, start=1):
                if other is not task:
                    next_one = model.new_bool_var("")
                    follows[task.key, other.key] = next_one
                    arcs.append((number, other_number, next_one))
                    way_s = crew.between_s(task.site, other.site)
                    model.add(other.start >= task.end + way_s).only_enforce_if(next_one)
        idle = model.new_bool_var("")
        follows[NOBODY, NOBODY] = idle
        model.add_circuit([*arcs, (0, 0, idle)])

    def _add_site(self, site: SiteInput) -> None:
        model = self._model
        last = model.new_int_var(0, 2 * self._horizon, "")
        batches = [self._add_batch(site, batch, last) for batch in self._batches[site.id]]
        if batches:
            self._share([interval for interval in batches if interval is not None], site.lanes.count)
        self._add_doors(site, last)
        if site.mode is Mode.SITE_CREW:
            for arrival in self._asked.at_site(site.id):
                stop = self._stops[arrival.stop]
                model.add(last >= stop.sorting.end).only_enforce_if(stop.finished)
        self._costs.append(self._weights.last * people_at(site) * last)

    def _add_batch(self, site: SiteInput, batch: Batch, last: Any) -> Any:
        model, lanes = self._model, site.lanes
        length_s = batch.group.length_s(lanes)
        pieces = [
            [-(-piece.open_s // lanes.grid_s), (min(piece.close_s, self._horizon) - length_s) // lanes.grid_s]
            for piece in site.open_times
        ]
        domain = cp_model.Domain.from_intervals([piece for piece in pieces if piece[0] <= piece[1]] or [[0, 0]])
        step = model.new_int_var_from_domain(domain, "")
        start = step * lanes.grid_s
        arranged = any((slot.site, slot.trip, slot.group) == (site.id, *batch.key) for slot in self._part.collected)
        present = self._presence(arranged) if any(a <= b for a, b in pieces) and batch.stops else model.new_constant(0)
        self._collected[site.id, *batch.key] = (step, present)
        for name in batch.stops:
            stop = self._stops[name]
            model.add(start >= stop.sorting.end + site.buffer_s).only_enforce_if(present)
            model.add_implication(present, stop.finished)
        first = self._collected.get((site.id, 1, batch.group.number))
        if batch.trip > 1 and first is not None:
            model.add(start >= first[0] * lanes.grid_s + length_s).only_enforce_if([present, first[1]])
        last_s = length_s - lanes.slot_s + lanes.household_s * batch.group.in_last_slot
        model.add(last >= start + last_s).only_enforce_if(present)
        self._costs.append(UNMET // 1_000 * batch.group.households * (1 - present))
        self._costs.append(
            self._weights.mean * batch.group.households * (start if arranged else self._if_present(start, present))
        )
        size = length_s + site.buffer_s
        return model.new_optional_fixed_size_interval_var(start, size, present, "")

    def _add_doors(self, site: SiteInput, last: Any) -> None:
        """By the instant at which the goods are there; who goes is found afterwards."""
        by_goods: dict[tuple[str, ...], list[int]] = {}
        for trip in self._trips[site.id]:
            price = self._weights.mean * len(trip.calls) + self._weights.vulnerable * trip.vulnerable
            total = by_goods.setdefault(trip.stops, [0, 0])
            total[0] += price
            total[1] = max(total[1], trip.length_s)
        for stops, (price, length_s) in by_goods.items():
            ready = self._model.new_int_var(0, 2 * self._horizon, "")
            for name in stops:
                self._model.add(ready >= self._stops[name].sorting.end).only_enforce_if(self._stops[name].finished)
            self._model.add(last >= ready + length_s)
            self._costs.append(price * ready)

    # --- from the list schedule, and back ---

    def _hint(self) -> None:
        tasks = {(task.stop, task.work in (Work.SORT, Work.CARRY_IN)): task for task in self._part.reception.tasks}
        for name, stop in self._stops.items():
            if name in self._part.reception.bays:
                self._model.add_hint(stop.start, self._part.reception.bays[name].taken_s)
            for sorting, mine in ((False, stop.reception), (True, stop.sorting)):
                task = tasks.get((name, sorting))
                if task is not None:
                    self._hint_task(mine, task, with_start=sorting or mine.start is not stop.start)
        self._hint_circuits()
        first: dict[tuple[str, int, int], Seconds] = {}
        for slot in self._part.collected:
            key = (slot.site, slot.trip, slot.group)
            first[key] = min(slot.start_s, first.get(key, slot.start_s))
        for key, start_s in first.items():
            self._model.add_hint(self._collected[key][0], start_s // self._asked.sites[key[0]].lanes.grid_s)

    def _hint_circuits(self) -> None:
        for crew, follows in self._follows.items():
            tasks = sorted(
                (task for task in self._part.reception.tasks if task.crew == crew),
                key=lambda task: (task.start_s, task.end_s),
            )
            keys = [NOBODY, *((task.stop, task.work in (Work.SORT, Work.CARRY_IN)) for task in tasks), NOBODY]
            chosen = set(pairwise(keys))
            for pair, literal in follows.items():
                self._model.add_hint(literal, pair in chosen)

    def _hint_task(self, mine: _Task, task: CrewTask, *, with_start: bool) -> None:
        if with_start:
            self._model.add_hint(mine.start, task.start_s)
        self._model.add_hint(mine.end, task.end_s)
        if len(mine.by) > 1:
            for crew, chosen in mine.by.items():
                self._model.add_hint(chosen, crew == task.crew)

    def _read(self, solver: cp_model.CpSolver) -> Improved:
        bays: dict[str, BaySlot] = {}
        tasks: list[CrewTask] = []
        for arrival in self._part.stops:
            stop, site = self._stops[arrival.stop], self._asked.sites[arrival.site]
            if solver.boolean_value(stop.received):
                work = Work.PICK_UP if site.cold else Work.UNLOAD
                tasks.append(_done(solver, arrival, stop.reception, work))
                bays[arrival.stop] = self._bay_slot(solver, arrival, stop)
            if solver.boolean_value(stop.finished):
                tasks.append(_done(solver, arrival, stop.sorting, sorting_work(site)))
        starts_s: dict[str, dict[tuple[int, int], Seconds]] = {site: {} for site in self._sites}
        for (site_id, *key), (step, present) in self._collected.items():
            if solver.boolean_value(present):
                grid_s = self._asked.sites[site_id].lanes.grid_s
                starts_s[site_id][key[0], key[1]] = solver.value(step) * grid_s
        reception = Reception(_in_bays(self._asked, bays, tasks), tuple(tasks))
        return Improved(reception, starts_s, solver.response_proto.deterministic_time)

    def _bay_slot(self, solver: cp_model.CpSolver, arrival: Arrival, stop: _StopVars) -> BaySlot:
        taken_s = solver.value(stop.start)
        freed_s = taken_s + arrival.service_s
        gap_s = self._asked.owners[arrival.owner].gap_s
        return BaySlot(arrival.stop, arrival.owner, 0, arrival.arrival_s, taken_s, freed_s, freed_s + gap_s)


def _batches(asked: Asked, site: str) -> tuple[Batch, ...]:
    given = asked.sites[site]
    return () if given.mode is Mode.SITE_CREW else batches_of(asked, given)


def _moves(crew: Crew, tasks: Iterable[_Task]) -> bool:
    sites = list(dict.fromkeys(task.site for task in tasks))
    return any(crew.between_s(one, other) for one in sites for other in sites)


def _done(solver: cp_model.CpSolver, arrival: Arrival, task: _Task, work: Work) -> CrewTask:
    crew = next(name for name, chosen in task.by.items() if solver.boolean_value(chosen))
    start_s = solver.value(task.start)
    return CrewTask(crew, arrival.site, arrival.stop, work, start_s, start_s + task.length[crew])


def _in_bays(asked: Asked, slots: Mapping[str, BaySlot], tasks: Iterable[CrewTask]) -> dict[str, BaySlot]:
    """Bays dealt out in the order in which they are taken, to the first that is free."""
    picked_s = {task.stop: task.end_s for task in tasks if task.work is Work.PICK_UP}
    free_s: dict[str, list[Seconds]] = {}
    placed: dict[str, BaySlot] = {}
    for stop, slot in sorted(slots.items(), key=lambda each: (each[1].taken_s, each[0])):
        owner = asked.owners[slot.owner]
        bays = free_s.setdefault(owner.id, [0] * owner.bays)
        bay = next(number for number, at_s in enumerate(bays) if at_s <= slot.taken_s)
        bays[bay] = max(slot.disinfected_s, picked_s.get(stop, 0)) + owner.buffer_s
        placed[stop] = slot._replace(bay=bay + 1)
    return placed
