"""The `qperfusion` command: every verb parses its options here and hands over to the rooms."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__
from .errors import CancelledError, InputError, QPerfusionError
from .settings import STAGES, Settings
from .terminal import Terminal

Run = Callable[[argparse.Namespace, Terminal], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 everything written, 2 wrong input, 130 cancelled."""
    options = build_parser().parse_args(arguments)
    terminal = Terminal(as_json=getattr(options, "json", False))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options.run(options, terminal)
    except QPerfusionError as error:
        terminal.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.error(CancelledError())
        return CancelledError.exit_code
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = argparse.ArgumentParser(
        prog="qperfusion",
        description="Quantitative first-pass myocardial perfusion MRI. Research use only; not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"qperfusion {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_demo(verbs)
    _add_inspect(verbs)
    _add_quantify(verbs)
    _add_fit(verbs)
    _add_simulate(verbs)
    _add_compare(verbs)
    _add_train(verbs)
    _add_evaluate(verbs)
    _add_cohort(verbs)
    _add_superresolve(verbs)
    _add_settings(verbs)
    return parser


def _verb(verbs: argparse._SubParsersAction, name: str, run: Run, text: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    verb.add_argument("--json", action="store_true", help="JSON lines on standard output, for machines")
    verb.set_defaults(run=run)
    return verb


def _add_demo(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "demo", _demo, "a synthetic stress + rest patient end to end, from DICOM, against its truth")
    verb.add_argument("--output", type=Path, default=Path("demo"), metavar="DIR")
    _add_settings_options(verb)


def _add_inspect(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "inspect", _inspect, "what series are there: role, slices, frames, times, protocol, problems")
    verb.add_argument("path", type=Path, metavar="PATH")
    _add_settings_options(verb)


def _add_quantify(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "quantify", _quantify, "a study to blood flow maps, segments, report and scene")
    verb.add_argument("study", nargs="?", type=Path, metavar="STUDY", help="a DICOM folder with stress and rest")
    verb.add_argument("--output", type=Path, required=True, metavar="OUT")
    for name, text in (
        ("stress", "stress series (folder or file)"),
        ("rest", "rest series (folder or file)"),
        ("stress-aif", "AIF image series, or curve CSV (time_s,value)"),
        ("rest-aif", "AIF image series, or curve CSV (time_s,value)"),
        ("stress-mask", "label map: 1 myocardium, 2 LV blood, 3 RV blood"),
        ("rest-mask", "label map: 1 myocardium, 2 LV blood, 3 RV blood"),
        ("stress-pre-bolus", "pre-bolus series of a dual-bolus study"),
        ("rest-pre-bolus", "pre-bolus series of a dual-bolus study"),
        ("t1-map", "native T1 map"),
        ("pre-bolus", "pre-bolus series of a dual-bolus study of one state"),
        ("times", "CSV of frame times (time_s)"),
    ):
        verb.add_argument(f"--{name}", type=Path, metavar="PATH", help=text)
    verb.add_argument("--resume-from", default="", metavar="STAGE", help=", ".join(STAGES))
    verb.add_argument("--stop-after", default="", metavar="STAGE")
    verb.add_argument("--compare-aif", action="store_true", help="also show every route to the arterial input")
    verb.add_argument("--dicom", action="store_true", help="also write DICOM Parametric Maps, SEG and SR")
    _add_settings_options(verb)


def _add_fit(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "fit", _fit, "fit concentration curves of a CSV: time_s, aif, then one column per curve")
    verb.add_argument("curves", type=Path, metavar="CURVES.csv")
    verb.add_argument("--model", required=True, metavar="NAME")
    verb.add_argument("--output", type=Path, required=True, metavar="FITS.csv")
    verb.add_argument("--hematocrit", metavar="H")
    _add_settings_options(verb)


def _add_simulate(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "simulate", _simulate, "digital patients as DICOM or NRRD, with their truth beside them")
    verb.add_argument("output", type=Path, metavar="OUT")
    verb.add_argument("--patients", type=int, default=1, metavar="N")
    verb.add_argument("--seed", type=int, default=0, metavar="S", help="patient k has the seed S + k")
    verb.add_argument("--vendor", choices=("siemens", "ge", "philips"), default="siemens")
    verb.add_argument("--format", choices=("dicom", "nrrd"), default="dicom")
    verb.add_argument("--enhanced", action="store_true", help="multi-frame DICOM instead of classic")
    verb.add_argument("--slices", type=int, default=3, metavar="N")
    verb.add_argument("--frames", type=int, default=60, metavar="N", help="heart beats per series")
    verb.add_argument("--sequence", choices=("flash", "bssfp"), default="flash")
    verb.add_argument("--condition", metavar="NAME", help="what the patients have; drawn when not given")
    verb.add_argument("--t1-map", action="store_true", help="also a native T1 map")
    verb.add_argument(
        "--pre-bolus-ratio", type=float, default=0.0, metavar="R", help="also a pre-bolus, R times diluted"
    )
    verb.add_argument("--single-sequence", action="store_true", help="leave out the AIF series")


def _add_compare(verbs: argparse._SubParsersAction) -> None:
    from .evaluation.command import add_compare_arguments

    add_compare_arguments(_verb(verbs, "compare", _compare, "agreement of two tables, with statistics and plots"))


def _add_train(verbs: argparse._SubParsersAction) -> None:
    from .segmentation.training_command import add_arguments
    from .superresolution.training_command import add_arguments as add_superresolution_arguments
    from .trials.aif_training_command import add_arguments as add_aif_arguments

    verb = _verb(verbs, "train", _train, "train a network on synthetic data alone")
    networks = verb.add_subparsers(title="networks", dest="network", required=True, metavar="NETWORK")
    add_arguments(networks.add_parser("segmentation", help="the network that draws the contours"))
    add_aif_arguments(networks.add_parser("aif", help="the networks that undo the saturation of the arterial input"))
    add_superresolution_arguments(networks.add_parser("superresolution", help="the network that sharpens frames"))


def _add_evaluate(verbs: argparse._SubParsersAction) -> None:
    from .trials.registry import EVALUATIONS, evaluation

    verb = _verb(verbs, "evaluate", _evaluate, "how good it is: the tables of the papers, on digital patients")
    tables = verb.add_subparsers(title="tables", dest="table", required=True, metavar="TABLE")
    for name, (_, text) in EVALUATIONS.items():
        evaluation(name).add_arguments(tables.add_parser(name, help=text, description=text))


def _add_cohort(verbs: argparse._SubParsersAction) -> None:
    from .cohort.command import add_arguments

    verb = _verb(verbs, "cohort", _cohort, "many studies, one a row of a CSV, quantified side by side")
    add_arguments(verb)
    _add_settings_options(verb)


def _add_superresolve(verbs: argparse._SubParsersAction) -> None:
    from .superresolution.command import add_arguments

    verb = _verb(verbs, "superresolve", _superresolve, "low-resolution series to full resolution, with its spread")
    add_arguments(verb)
    _add_settings_options(verb)


def _add_settings(verbs: argparse._SubParsersAction) -> None:
    verb = _verb(verbs, "settings", _settings, "print every setting with its value, as JSON that --settings takes")
    _add_settings_options(verb)


def _add_settings_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--settings", type=Path, metavar="FILE.json", help="settings, or the provenance.json of a run")
    verb.add_argument("--set", action="append", default=[], metavar="STAGE.FIELD=VALUE", help="change one setting")


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings file with the `--set` options applied on top."""
    settings = Settings.from_file(options.settings) if options.settings else Settings()
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        settings = settings.with_value(name.strip(), value.strip())
    return settings


def _demo(options: argparse.Namespace, terminal: Terminal) -> None:
    from .demo import run_demo

    run_demo(options.output, settings_from(options), terminal)


def _inspect(options: argparse.Namespace, terminal: Terminal) -> None:
    from .loading import inspect

    for summary in inspect(options.path, settings_from(options).loading, terminal.progress()):
        terminal.say(summary.as_text(), series=summary.as_dictionary())


def _quantify(options: argparse.Namespace, terminal: Terminal) -> None:
    from .loading import StudyRequest
    from .session import quantify

    settings = settings_from(options)
    if options.dicom:
        settings = settings.with_value("reporting.dicom", True)
    if options.compare_aif:
        settings = settings.with_value("aif.compare", True)
    names = [item.name for item in dataclasses.fields(StudyRequest)]
    request = StudyRequest(**{name: getattr(options, name) for name in names})
    result = quantify(request, options.output, settings, terminal.progress(), options.resume_from, options.stop_after)
    terminal.notices(result.notices)
    terminal.say(f"written to {options.output}", output=str(options.output))


def _fit(options: argparse.Namespace, terminal: Terminal) -> None:
    from .kinetics import fit_file
    from .output_folder import writing_file

    settings = settings_from(options).with_value("kinetics.model", options.model)
    if options.hematocrit is not None:
        settings = settings.with_value("kinetics.hematocrit", options.hematocrit)
    fits = fit_file(options.curves, settings.kinetics, terminal.progress())
    with writing_file(options.output) as beside:
        beside.write_text(fits.text, encoding="utf-8")
    terminal.notices(fits.notices)
    terminal.say(f"written to {options.output}", output=str(options.output))


def _simulate(options: argparse.Namespace, terminal: Terminal) -> None:
    from .phantom import simulate

    written = simulate(
        options.output,
        patients=options.patients,
        seed=options.seed,
        vendor=options.vendor,
        format=options.format,
        enhanced=options.enhanced,
        progress=terminal.progress(),
        slices=options.slices,
        frames=options.frames,
        sequence=options.sequence,
        condition=options.condition,
        t1_map=options.t1_map,
        pre_bolus_ratio=options.pre_bolus_ratio,
        dual_sequence=not options.single_sequence,
    )
    for folder in written:
        terminal.say(f"written: {folder}", output=str(folder))


def _compare(options: argparse.Namespace, terminal: Terminal) -> None:
    from .evaluation.command import run_compare

    terminal.say(run_compare(options, terminal.progress()))


def _train(options: argparse.Namespace, terminal: Terminal) -> None:
    from .output_folder import check_writable
    from .segmentation.training_command import run

    check_writable(options.output.parent / f"{options.output.name}.partial")
    if options.network == "aif":
        from .trials.aif_training_command import run as train_aif

        terminal.say(train_aif(options, terminal.progress()), output=str(options.output))
        return
    if options.network == "superresolution":
        from .superresolution.training_command import run as train_superresolution

        train_superresolution(options)
    else:
        run(options)
    terminal.say(f"written: {options.output}", output=str(options.output))


def _evaluate(options: argparse.Namespace, terminal: Terminal) -> None:
    from .trials.registry import evaluation

    terminal.say(evaluation(options.table).run(options, terminal.progress()))


def _cohort(options: argparse.Namespace, terminal: Terminal) -> None:
    from .cohort.command import run

    result = run(options, settings_from(options), terminal.progress())
    for line in result.lines():
        terminal.say(line, cohort=line)
    terminal.say(f"written to {options.output}", output=str(options.output))
    without = len(result.failed) + len(result.manifest.wrong)
    if without:
        raise InputError(f"{without} studies without a result", action=f"see {options.output / 'cohort.csv'}")


def _superresolve(options: argparse.Namespace, terminal: Terminal) -> None:
    from .superresolution.command import run

    for outcome in run(options, settings_from(options), terminal.progress()):
        terminal.notices(outcome.notices)
        terminal.say(f"written: {outcome.path}", output=str(outcome.path))


def _settings(options: argparse.Namespace, terminal: Terminal) -> None:
    import json

    content = settings_from(options).as_dictionary()
    terminal.say(json.dumps(content, indent=2), settings=content)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
