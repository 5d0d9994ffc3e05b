"""Who may drive where, how fast, and what turning costs. A kind of road user is a ``Profile`` value; rules serve all.

In the order of reading: ``kinds``, ``sizes`` and ``road_users`` say who drives, ``access`` what the law allows,
``speeds`` how fast, ``conditional`` at what time; ``arcs`` and ``turns`` make figures for a network of it.
"""

from geodata.profile.arcs import ArcCosts, arc_costs
from geodata.profile.hourly_factors import FACTOR_CLASSES, HourlyFactors
from geodata.profile.kinds import CLOSED, KINDS, ON_FOOT, THREE_WHEELER, TRUCK, VAN, Profile, TurnTimes
from geodata.profile.road_users import RoadUser, Span
from geodata.profile.sizes import Size
from geodata.profile.turns import turn_costs

__all__ = [
    "CLOSED",
    "FACTOR_CLASSES",
    "KINDS",
    "ON_FOOT",
    "THREE_WHEELER",
    "TRUCK",
    "VAN",
    "ArcCosts",
    "HourlyFactors",
    "Profile",
    "RoadUser",
    "Size",
    "Span",
    "TurnTimes",
    "arc_costs",
    "turn_costs",
]
