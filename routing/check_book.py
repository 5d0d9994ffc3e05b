"""A problem as the checker reads it: looked up by name, with its travel-time table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from geodata.travel_times import NO_WAY_S
from routing.model import Problem, Scenario, Site, Vehicle, Visit, ZoneLevel


@dataclass(frozen=True, slots=True)
class Book:
    problem: Problem
    visits: Mapping[str, Visit]
    sites: Mapping[str, Site]
    vehicles: Mapping[str, Vehicle]

    @classmethod
    def of(cls, problem: Problem) -> Book:
        everything = [*problem.visits, *(dismissed.visit for dismissed in problem.dismissed)]
        return cls(
            problem=problem,
            visits={visit.id: visit for visit in everything},
            sites={site.place.id: site for site in problem.scenario.sites},
            vehicles={vehicle.id: vehicle for vehicle in problem.scenario.vehicles},
        )

    def row(self, depot: str) -> int:
        """Of the travel-time table; below zero for a depot nobody knows."""
        return self.problem.depot_row(depot) if depot in self.problem.depots else -1

    def table_s(self, vehicle: Vehicle, origin: int, destination: int) -> int:
        if min(origin, destination) < 0:
            return NO_WAY_S
        return int(self.problem.travel_s[vehicle.road_class, origin, destination])

    def driven_s(self, vehicle: Vehicle, origin: int, destination: int, left_s: int) -> int:
        """Of a drive that begins at ``left_s``: where hours differ, as long as in that hour by the scenario's clock."""
        hourly = self.problem.hourly
        if hourly is None or min(origin, destination) < 0:
            return self.table_s(vehicle, origin, destination)
        return int(hourly.table(hour_of(self.problem.scenario, left_s))[vehicle.road_class, origin, destination])

    def level(self, vehicle: Vehicle, visit: Visit) -> ZoneLevel:
        """Of the ground where the vehicle stops: at a gate, of that outside."""
        gate = self.problem.at_gate.get((vehicle.road_class, visit.row))
        return visit.zone if gate is None else gate.outside


def hour_of(scenario: Scenario, instant_s: int) -> int:
    """0 to 23, by the clock of the scenario's time zone; of an instant that no calendar has, the epoch's."""
    try:
        instant = scenario.epoch + timedelta(seconds=instant_s)
        return instant.astimezone(ZoneInfo(scenario.timezone)).hour
    except OverflowError:
        return scenario.epoch.astimezone(ZoneInfo(scenario.timezone)).hour


def may_come(site: Site, vehicle: Vehicle) -> bool:
    named = site.allowed is None or vehicle.id in site.allowed
    return named and (site.needs_pass is None or site.needs_pass in vehicle.passes)
