"""Opening hours as coordinators write them: ``周三、周六8：00-11：30、13：00-18：00``, ``22:00-次日6:00``, ``24小时``.

Only what has one meaning is read. A rule that needs a calendar (alternate weeks, odd and even dates), a promise of later
notice, or a word that is not known leaves the whole text unread: a plan must not rest on a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from geodata.errors import Text

DAY = 24 * 60
Interval = tuple[int, int]

EVERY_DAY = frozenset(range(7))
WEEKDAYS = {name: number for number, name in enumerate("一二三四五六日")} | {"天": 6}
ENGLISH_WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}

# What a note in parentheses must not speak of if the hours beside it are to be believed. Holidays are let through: the
# hours hold on the other days, and the note is handed on.
DOUBTFUL_NOTE = re.compile(
    r"调整|为准|通知|隔|单日|双日|单号|双号|临时|暂停|停止|取消|周|星期|左右|\d[:.点]\d|change|notice"
)
HOLIDAYS = re.compile(r"节假日|holiday")
NOTE = re.compile(r"\(([^()]*)\)")

TOKEN = re.compile(
    r"""
    (?P<whole_day> 24\s*小时 | 24\s*/\s*7 | 24\s*h(?:ours)?\b | 全天(?:开放)? | 全日 | all\s+day )
  | (?P<daily>     每天 | 每日 | 天天 | daily | every\s+day )
  | (?P<weekend>   周末 )
  | (?P<next_day>  次日 | 翌日 | 第二天 | next\s+day )
  | (?P<half>      上午 | 早上 | 早 | 中午 | 下午 | 晚上 | 晚 )
  | (?P<hour>\d{1,2}) \s* (?: (?: [:.]+ | 点 | 时 ) \s* (?P<minute>\d{2}) (?!\d) \s* 分? | 点整? | 时(?!\d) )
  | (?P<compact>   (?<!\d) \d{4} (?!\d) )
  | (?P<weekday>   每? (?:周|星期|礼拜) [一二三四五六日天] )
  | (?P<more_days> [一二三四五六日天] )
  | (?P<english>   (?:mon|tue|wed|thu|fri|sat|sun) (?:day|sday|nesday|rsday|urday)? \b )
  | (?P<plus_one>  \+\s*1 )
  | (?P<dash>      [-—–−~〜至到]+ | to\b )
  | (?P<gap>       [\s、,;:。/及和]+ | and\b )
    """,
    re.VERBOSE | re.IGNORECASE,
)

UNKNOWN_WORDS = Text("时间“{}”中有无法识别的内容", "the hours '{}' hold words that cannot be read")
NO_HOURS = Text("时间“{}”没有写明几点到几点", "the hours '{}' do not say from when to when")
BACKWARDS = Text(
    "时间“{}”的结束不晚于开始；跨夜请写“22:00-次日6:00”",
    "the hours '{}' end before they start; write '22:00-next day 6:00' for overnight",
)
NO_SUCH_TIME = Text("时间“{}”中有不存在的钟点", "the hours '{}' hold a time that no clock shows")
DOUBTFUL = Text("时间“{}”的说明使时间不确定", "the note in the hours '{}' leaves them uncertain")
NOT_A_BREAK = Text(
    "休息“{}”应写作“11:30-13:00/30”：在此时段内开始，休息 30 分钟",
    "write the break '{}' as '11:30-13:00/30': it begins in that time and lasts 30 minutes",
)
BREAK = re.compile(r"(?P<window>.+)/\s*(?P<minutes>\d{1,4})\s*(?:分钟?|min(?:utes?)?\.?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """Intervals in minutes since midnight on some weekdays (Monday = 0); an end beyond 1,440 is on the next day."""

    weekdays: frozenset[int]
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open. ``notes`` are remarks that were read past, such as “节假日除外”."""

    rules: tuple[Rule, ...]
    notes: tuple[str, ...] = ()

    def on(self, day: date) -> tuple[Interval, ...]:
        """Intervals that begin on ``day``, in minutes since its midnight, in order, merged where they meet."""
        found = (rule.intervals for rule in self.rules if day.weekday() in rule.weekdays)
        return _merged([interval for intervals in found for interval in intervals])

    def over(self, first: date, *, days: int) -> tuple[Interval, ...]:
        """Intervals in minutes since midnight of ``first`` over so many days, those running in from before cut at 0."""
        moved = [
            (max(0, start + DAY * offset), end + DAY * offset)
            for offset in range(-1, days)
            for start, end in self.on(first + timedelta(days=offset))
        ]
        return _merged([(start, end) for start, end in moved if end > start])


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest of so many minutes that begins within the one interval of ``window``."""

    window: Rule
    minutes: int

    @property
    def start(self) -> int:
        return self.window.intervals[0][0]

    @property
    def end(self) -> int:
        return self.window.intervals[0][1]


ALWAYS = Hours((Rule(EVERY_DAY, ((0, DAY),)),))


def read_hours(text: str) -> Hours | None:
    """The hours a text means; no text means always open. None if it cannot be read: ``why_unread`` says why."""
    result = _read(text)
    return result if isinstance(result, Hours) else None


def why_unread(text: str) -> Text | None:
    """The reason why a text is not read as hours, or None if it is."""
    result = _read(text)
    return result if isinstance(result, Text) else None


def read_breaks(text: str) -> tuple[Rest, ...]:
    """The rests a text means, several separated by semicolons; none if it cannot be read: ``why_no_breaks``."""
    rests = [_rest(part) for part in _break_parts(text)]
    return tuple(rest for rest in rests if isinstance(rest, Rest))


def why_no_breaks(text: str) -> Text | None:
    """The first reason why a text is not read as rests, or None if it is."""
    return next((rest for rest in map(_rest, _break_parts(text)) if isinstance(rest, Text)), None)


def _break_parts(text: str) -> list[str]:
    return [part.strip() for part in unicodedata.normalize("NFKC", text).split(";") if part.strip()]


def _rest(part: str) -> Rest | Text:
    match = BREAK.fullmatch(part)
    hours = _read(match["window"]) if match else None
    if isinstance(hours, Text):
        return hours
    minutes = int(match["minutes"]) if match else 0
    if hours is None or not 0 < minutes <= DAY or len(hours.rules) != 1 or len(hours.rules[0].intervals) != 1:
        return Text(NOT_A_BREAK.zh.format(part[:80]), NOT_A_BREAK.en.format(part[:80]))
    return Rest(hours.rules[0], minutes)


class _Unread(Exception):
    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


@lru_cache(maxsize=4096)
def _read(text: str) -> Hours | Text:
    folded = unicodedata.normalize("NFKC", text).strip()
    if not folded:
        return ALWAYS
    shown = text.strip()[:80]
    try:
        body, notes = _without_notes(folded)
        return Hours(tuple(_rules(_Tokens(body))), notes)
    except _Unread as verdict:
        return Text(verdict.reason.zh.format(shown), verdict.reason.en.format(shown))


def _without_notes(text: str) -> tuple[str, tuple[str, ...]]:
    notes = tuple(note.strip() for note in NOTE.findall(text))
    for note in notes:
        if DOUBTFUL_NOTE.search(note) and not HOLIDAYS.search(note):
            raise _Unread(DOUBTFUL)
    return NOTE.sub(" ", text), notes


class _Tokens:
    """The words of a text, gaps left out, with a look at the next one."""

    def __init__(self, text: str) -> None:
        self._all = list(_tokens(text))
        self._at = 0

    def peek(self) -> str:
        return self._all[self._at][0] if self._at < len(self._all) else ""

    def take(self) -> re.Match[str]:
        self._at += 1
        return self._all[self._at - 1][1]

    def take_if(self, *kinds: str) -> re.Match[str] | None:
        return self.take() if self.peek() in kinds else None


def _tokens(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise _Unread(UNKNOWN_WORDS)
        at = match.end()
        kind = "hour" if match["hour"] else match.lastgroup or ""
        if kind != "gap":
            yield kind, match


def _rules(tokens: _Tokens) -> Iterator[Rule]:
    while tokens.peek():
        weekdays = _weekdays(tokens)
        intervals = _intervals(tokens)
        if not intervals:
            raise _Unread(UNKNOWN_WORDS if tokens.peek() else NO_HOURS)
        yield Rule(weekdays, intervals)


def _weekdays(tokens: _Tokens) -> frozenset[int]:
    days: set[int] = set()
    named = False
    while tokens.peek() in ("daily", "weekend", "weekday", "english") or (named and tokens.peek() == "more_days"):
        named = True
        match = tokens.take()
        if match.lastgroup in ("daily", "weekend"):
            days |= EVERY_DAY if match.lastgroup == "daily" else {5, 6}
            continue
        first = last = _weekday(match)
        if tokens.take_if("dash"):
            if tokens.peek() not in ("weekday", "more_days", "english"):
                raise _Unread(UNKNOWN_WORDS)
            last = _weekday(tokens.take())
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(days) if named else EVERY_DAY


def _weekday(match: re.Match[str]) -> int:
    word = match.group().lower()
    return ENGLISH_WEEKDAYS[word[:3]] if match.lastgroup == "english" else WEEKDAYS[word[-1]]


def _intervals(tokens: _Tokens) -> tuple[Interval, ...]:
    found: list[Interval] = []
    while tokens.peek() in ("whole_day", "half", "hour", "compact"):
        found.append((0, DAY) if tokens.take_if("whole_day") else _interval(tokens))
    return tuple(found)


def _interval(tokens: _Tokens) -> Interval:
    start, half = _clock(tokens, "")
    if not tokens.take_if("dash"):
        raise _Unread(NO_HOURS)
    next_day = tokens.take_if("next_day") is not None
    end, _ = _clock(tokens, "" if next_day else half)
    next_day = tokens.take_if("plus_one") is not None or next_day
    end += DAY if next_day else 0
    if end <= start or start >= DAY:
        raise _Unread(BACKWARDS)
    return start, end


def _clock(tokens: _Tokens, half: str) -> tuple[int, str]:
    """Minutes since midnight, and the half of the day that was named; the end of an interval inherits its start's."""
    named = tokens.take_if("half")
    half = named.group() if named else half
    match = tokens.take_if("hour", "compact")
    if match is None:
        raise _Unread(NO_HOURS)
    hour, minute = (
        (int(match["compact"][:2]), int(match["compact"][2:]))
        if match["compact"]
        else (int(match["hour"]), int(match["minute"] or 0))
    )
    if half in ("下午", "晚上", "晚") and hour < 12:
        hour += 12
    wrong_half = named is not None and half in ("上午", "早上", "早") and hour > 12
    if minute > 59 or hour * 60 + minute > DAY or wrong_half:
        raise _Unread(NO_SUCH_TIME)
    return hour * 60 + minute, half


def _merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
