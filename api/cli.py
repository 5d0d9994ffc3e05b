"""The command line. Exit codes: 0 done, 1 a checked plan breaks a rule, 2 bad input, 3 a new plan failed its check,
130 interrupted before there was anything to write."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from geodata.errors import BadInput, Complaint, NetworkUnavailable, Text

if TYPE_CHECKING:
    from api.terminal import PlanProgress

DONE, RULE_BROKEN, BAD_INPUT, NOT_CHECKED, INTERRUPTED = 0, 1, 2, 3, 130
LANGUAGES = ("zh", "en")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except BadInput as refusal:
        for complaint in refusal.complaints:
            print(complaint.in_language(options.lang), file=sys.stderr)
        return BAD_INPUT
    except NetworkUnavailable as failure:
        print(failure.message.in_language(options.lang), file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="baogong", description="保供: last-mile delivery plans for a district in an emergency")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_plan(commands)
    _add_check(commands)
    _add_fleet(commands)
    _add_evenness(commands)
    _add_roads(commands)
    _add_network(commands)
    _add_scenario(commands)
    _add_serve(commands)
    return parser


Commands = Any
"""What ``add_subparsers`` returns; argparse keeps the type to itself."""


def _command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    language = os.environ.get("BAOGONG_LANG", "zh")
    default = language if language in LANGUAGES else "zh"
    command.add_argument("--lang", choices=LANGUAGES, default=default, help="language of what is shown (default: zh)")
    command.set_defaults(run=run)
    return command


# --- plan -------------------------------------------------------------------------------------------------------


def _add_plan(commands: Commands) -> None:
    command = _command(commands, "plan", _plan, "compute a checked plan of a scenario")
    command.add_argument("scenario", type=Path, metavar="SCENARIO", help="folder, workbook (.xlsx) or document (.json)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder the plan is written to")
    command.add_argument("--from", dest="previous", type=Path, metavar="PLAN", help="earlier plan to change little of")
    command.add_argument("--state", type=Path, metavar="STATE", help="what has happened by now; takes --from")
    command.add_argument("--seconds", type=_seconds, metavar="N", help="time budget; the plan is then not reproducible")
    command.add_argument("--iterations", type=_count, metavar="N", help="work limit (default: by size)")
    command.add_argument("--seed", type=_seed, default=0, metavar="N", help="same seed and work limit: same plan")


def _plan(options: argparse.Namespace) -> int:
    from api.files.outputs import require_writable, write_outputs
    from api.files.plan import read_plan, read_state
    from api.files.scenario import read_scenario
    from api.service import Effort, Networks, plan_scenario
    from api.terminal import PlanProgress, show_plan, show_violations
    from routing.errors import PlanRejected
    from routing.solvers.base import Stop

    loaded = read_scenario(options.scenario)
    previous = read_plan(options.previous) if options.previous else None
    state = read_state(options.state) if options.state else None
    require_writable(options.out)
    with PlanProgress(options.lang) as progress:
        stop = Stop(iterations=options.iterations, seconds=options.seconds, on_work=progress.work)
        try:
            with _located(_in_its_file(options, loaded.locate)), _interrupted_by(stop.cancelled.set):
                outcome = plan_scenario(
                    loaded.document,
                    networks=Networks(loaded.folder, by_path=True),
                    effort=Effort(stop=stop, seed=options.seed),
                    previous=previous,
                    state=state,
                    warnings=loaded.warnings,
                    on_progress=progress.hear,
                )
        except PlanRejected as rejected:
            show_violations(rejected.violations, options.lang)
            return NOT_CHECKED
        progress.step(Text("写出结果", "writing"))
        directions = outcome.directions()
        write_outputs(options.out, outcome.document, outcome.network, directions, language=options.lang)
    show_plan(outcome.document, options.out, options.lang)
    return DONE


def _in_its_file(
    options: argparse.Namespace, locate: Callable[[Complaint], Complaint]
) -> Callable[[Complaint], Complaint]:
    """What concerns the state or the earlier plan is told by that file, the rest as the scenario's."""
    files = {"state": options.state, "previous": options.previous}

    def place(complaint: Complaint) -> Complaint:
        member, slash, inside = complaint.pointer.removeprefix("/").partition("/")
        file = files.get(member)
        return locate(complaint) if file is None else replace(complaint, file=file.name, pointer=slash + inside)

    return place


@contextmanager
def _located(locate: Callable[[Complaint], Complaint]) -> Iterator[None]:
    """Complaints found while planning, told by file and row instead of pointer."""
    try:
        yield
    except BadInput as refusal:
        raise BadInput(locate(complaint) for complaint in refusal.complaints) from None


@contextmanager
def _interrupted_by(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM stops the search and keeps the best plan; a second one ends the command."""

    def once(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        stop()

    before = {number: signal.signal(number, once) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _seconds(text: str) -> float:
    return _number(text, float, 0.1, 86_400)


def _count(text: str) -> int:
    return int(_number(text, int, 1, 10**9))


def _seed(text: str) -> int:
    return int(_number(text, int, 0, 2**31 - 1))


def _number(text: str, kind: type[int | float], least: float, most: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = kind(-1)
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
    return value


# --- check ------------------------------------------------------------------------------------------------------


def _add_check(commands: Commands) -> None:
    command = _command(commands, "check", _check, "judge a plan against its scenario, rule by rule")
    command.add_argument("scenario", type=Path, metavar="SCENARIO")
    command.add_argument("plan", type=Path, metavar="PLAN", help="a plan.json")
    command.add_argument("--from", dest="previous", type=Path, metavar="PLAN", help="the plan it was made from")


def _check(options: argparse.Namespace) -> int:
    from api.files.plan import read_plan
    from api.files.scenario import read_scenario
    from api.service import Networks, check_document
    from api.terminal import show_checked, show_violations

    loaded = read_scenario(options.scenario)
    plan = read_plan(options.plan)
    previous = read_plan(options.previous) if options.previous else None
    with _located(loaded.locate):
        networks = Networks(loaded.folder, by_path=True)
        violations = check_document(loaded.document, plan, networks=networks, previous=previous)
    if violations:
        show_violations(violations, options.lang)
        return RULE_BROKEN
    show_checked(plan, options.lang)
    return DONE


# --- studies: fleet and evenness --------------------------------------------------------------------------------


def _add_fleet(commands: Commands) -> None:
    command = _command(commands, "fleet", _fleet, "how many vehicles it takes to serve everything in time")
    _add_study_options(command, each="fleet")


def _add_evenness(commands: Commands) -> None:
    command = _command(commands, "evenness", _evenness, "what a shorter longest route costs")
    _add_study_options(command, each="ceiling")


def _add_study_options(command: argparse.ArgumentParser, *, each: str) -> None:
    command.add_argument("scenario", type=Path, metavar="SCENARIO", help="folder, workbook (.xlsx) or document (.json)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder the study is written to")
    command.add_argument("--iterations", type=_count, metavar="N", help=f"work limit per {each} (default: 600)")
    command.add_argument("--seed", type=_seed, default=0, metavar="N", help="same seed and work limit: same study")


def _fleet(options: argparse.Namespace) -> int:
    from api.files.fleet_outputs import write_fleet_outputs
    from api.fleet_study import study_document
    from api.terminal import FleetProgress, show_fleet

    progress = FleetProgress(options.lang)
    study = partial(study_document, on_fleet=progress.hear_of_fleet)
    return _study(options, progress, study, write_fleet_outputs, show_fleet)


def _evenness(options: argparse.Namespace) -> int:
    from api.evenness_study import evenness_document
    from api.files.evenness_outputs import write_evenness_outputs
    from api.terminal import EvennessProgress, show_evenness

    progress = EvennessProgress(options.lang)
    study = partial(evenness_document, on_ceiling=progress.hear_of_ceiling)
    return _study(options, progress, study, write_evenness_outputs, show_evenness)


StudyDocument = TypeVar("StudyDocument")


def _study(
    options: argparse.Namespace,
    progress: PlanProgress,
    study: Callable[..., StudyDocument],
    write: Callable[..., None],
    show: Callable[[StudyDocument, Path, str], None],
) -> int:
    """Read, study, write and show; the first Ctrl-C keeps what was found so far."""
    from api.files.outputs import require_writable
    from api.files.scenario import read_scenario
    from api.service import Effort, Networks
    from api.terminal import show_violations
    from routing.errors import PlanRejected
    from routing.solvers.base import Stop

    loaded = read_scenario(options.scenario)
    require_writable(options.out)
    with progress:
        stop = Stop(iterations=options.iterations)
        try:
            with _located(loaded.locate), _interrupted_by(stop.cancelled.set):
                found = study(
                    loaded.document,
                    networks=Networks(loaded.folder, by_path=True),
                    effort=Effort(stop=stop, seed=options.seed),
                    warnings=loaded.warnings,
                )
        except PlanRejected as rejected:
            show_violations(rejected.violations, options.lang)
            return NOT_CHECKED
        write(options.out, found, language=options.lang)
    show(found, options.out, options.lang)
    return DONE


# --- roads ------------------------------------------------------------------------------------------------------


def _add_roads(commands: Commands) -> None:
    command = _command(commands, "roads", _roads, "report the roads under the restrictions in force")
    command.add_argument("scenario", type=Path, metavar="SCENARIO", help="folder, workbook (.xlsx) or document (.json)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder the report is written to")


def _roads(options: argparse.Namespace) -> int:
    from api.files.outputs import require_writable
    from api.files.roads_outputs import write_roads_outputs
    from api.files.scenario import read_scenario
    from api.road_study import roads_document
    from api.service import Networks
    from api.terminal import show_roads

    loaded = read_scenario(options.scenario)
    require_writable(options.out)
    networks = Networks(loaded.folder, by_path=True)
    with _located(loaded.locate):
        report = roads_document(loaded.document, networks=networks, warnings=loaded.warnings)
    write_roads_outputs(options.out, report, networks.load(loaded.document.network), language=options.lang)
    show_roads(report, options.out, options.lang)
    return DONE


# --- network ----------------------------------------------------------------------------------------------------


def _add_network(commands: Commands) -> None:
    group = commands.add_parser("network", help="road networks").add_subparsers(required=True, metavar="COMMAND")
    command = _command(group, "build", _build_network, "make a road network file from a map")
    forms = "a map file (.osm.pbf, .osm, .graphml), box:WEST,SOUTH,EAST,NORTH or place:NAME (the last two online)"
    command.add_argument("input", metavar="INPUT", help=forms)
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="network file to write (.bgn)")
    command.add_argument("--name", help="name of the network (default: the input's)")


def _build_network(options: argparse.Namespace) -> int:
    from api.terminal import show_network
    from geodata.network import build_network, save_network
    from geodata.sources import ATTRIBUTION, read_roads

    roads = read_roads(options.input)
    name = options.name or Path(options.input).name
    network = build_network(roads.segments, restrictions=roads.relations, name=name, attribution=ATTRIBUTION)
    save_network(network, options.out)
    show_network(network, options.out, options.lang)
    return DONE


# --- scenario and serve -----------------------------------------------------------------------------------------


def _add_scenario(commands: Commands) -> None:
    group = commands.add_parser("scenario", help="scenarios").add_subparsers(required=True, metavar="COMMAND")
    command = _command(group, "new", _new_scenario, "write a scenario to fill in")
    command.add_argument("folder", type=Path, metavar="DIR")


def _new_scenario(options: argparse.Namespace) -> int:
    from api.files.template import write_template

    write_template(options.folder)
    written = Text(
        f"已写入 {options.folder}，填好后运行 baogong plan", f"written to {options.folder}; fill it in and plan it"
    )
    print(written.in_language(options.lang))
    return DONE


def _add_serve(commands: Commands) -> None:
    command = _command(commands, "serve", _serve, "serve the page and the API on this machine")
    command.add_argument("--port", type=_port, default=8000, metavar="N")


def _port(text: str) -> int:
    return int(_number(text, int, 1, 65_535))


def _serve(options: argparse.Namespace) -> int:
    from waitress import serve

    from api.app import create_app
    from api.settings import Settings

    app = create_app(Settings.from_environment())
    print(f"http://127.0.0.1:{options.port}/", flush=True)
    serve(app, host="127.0.0.1", port=options.port, threads=8)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
