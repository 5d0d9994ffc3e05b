"""When each load changes hands without two people meeting: bays, crews, collection slots and door rounds of a plan."""

from routing.handoffs.groups import estimated_groups, slot_groups
from routing.handoffs.model import HandoffInput, Handoffs
from routing.handoffs.schedule import schedule_handoffs

__all__ = ["HandoffInput", "Handoffs", "estimated_groups", "schedule_handoffs", "slot_groups"]
