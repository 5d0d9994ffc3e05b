"""When a bay, a crew or any single thing that serves one at a time is free: sorted occupations, and the next gap."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import NamedTuple

from routing.handoffs.model import Crew
from routing.model import Interval, Seconds


class Task(NamedTuple):
    start_s: Seconds
    end_s: Seconds
    site: str


class Calendar:
    """Occupations that do not overlap."""

    def __init__(self) -> None:
        self._taken: list[tuple[Seconds, Seconds]] = []

    def earliest(self, from_s: Seconds, length_s: Seconds) -> Seconds:
        """The first instant from which it is free for so long."""
        start_s = from_s
        first = max(0, bisect_right(self._taken, (start_s, start_s)) - 1)
        for taken_s, freed_s in self._taken[first:]:
            if taken_s >= start_s + length_s:
                break
            start_s = max(start_s, freed_s)
        return start_s

    def take(self, start_s: Seconds, length_s: Seconds) -> None:
        insort(self._taken, (start_s, start_s + length_s))


class CrewCalendar:
    """A crew's tasks, with the way between their sites."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self._tasks: list[Task] = []

    @property
    def used(self) -> bool:
        return bool(self._tasks)

    def earliest(self, site: str, from_s: Seconds, length_s: Seconds) -> Seconds | None:
        """The first instant at which the crew can begin so long a task at the site; None within its hours never."""
        start_s, before = max(from_s, self.crew.hours.open_s), None
        for task in self._tasks:
            if before is not None:
                start_s = max(start_s, before.end_s + self.crew.between_s(before.site, site))
            if start_s + length_s + self.crew.between_s(site, task.site) <= task.start_s:
                break
            before = task
        else:
            if before is not None:
                start_s = max(start_s, before.end_s + self.crew.between_s(before.site, site))
        return start_s if start_s + length_s <= self.crew.hours.close_s else None

    def take(self, site: str, start_s: Seconds, length_s: Seconds) -> None:
        insort(self._tasks, Task(start_s, start_s + length_s, site))


def first_fit(pieces: Iterable[Interval], from_s: Seconds, length_s: Seconds, grid_s: Seconds = 1) -> Seconds | None:
    """The first instant on the grid from which so long fits into one piece of the open times; None: none does."""
    for piece in pieces:
        start_s = -(-max(from_s, piece.open_s) // grid_s) * grid_s
        if start_s + length_s <= piece.close_s:
            return start_s
    return None
