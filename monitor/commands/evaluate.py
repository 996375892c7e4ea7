"""evaluate: precision, recall and F1 of topics on labelled cases, or of stories on labelled entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from monitor import service
from monitor.cluster import evaluate_stories
from monitor.commands._app import App, json_option, print_json
from monitor.commands._labelled import labelled
from monitor.errors import ConfigError, Mistake
from monitor.match import evaluate


@click.command()
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--topic", help="Judge every case by this topic.")
@click.option("--stories", is_flag=True, help="Judge which entries are put into one story.")
@click.option("--min-precision", type=click.FloatRange(0, 1), default=0.0, help="Exit 1 below it.")
@click.option("--min-recall", type=click.FloatRange(0, 1), default=0.0, help="Exit 1 below it.")
@json_option
@click.pass_obj
def command(
    app: App,
    cases: Path,
    topic: str | None,
    stories: bool,
    min_precision: float,
    min_recall: float,
    as_json: bool,
) -> None:
    """Measure topics, queries or stories on CASES, a file with one JSON object a line.

    {"id", "lang", "text" or "title" + "summary", "query" or "topic", "expect": true|false}, or with
    --topic {"id", "lang", "title", "summary", "label": "relevant"|"not"|"borderline"}, or with --stories
    {"id", "lang", "source", "date": a time, a day, a month or null, "title", "summary", "story"}: B-cubed
    precision, recall and F1 over all, and over pairs of different languages only.
    """
    if stories and topic is not None:
        raise click.UsageError("--stories judges entries of all topics; leave --topic out")
    config = app.load()
    matcher = service.matcher(config)
    if stories:
        entries, labels, known = labelled(read_cases(cases), matcher, config.entities, file=str(cases))
        result = evaluate_stories(entries, labels, config.entities, known, matcher.asked)
    else:
        result = evaluate(read_cases(cases), matcher, topic=topic)
    if as_json:
        print_json(result)
    elif stories:
        _print_stories(result)
    else:
        _print(result)
    figures = result["bcubed"] if stories else result
    if figures["precision"] < min_precision or figures["recall"] < min_recall:
        raise click.exceptions.Exit(1)


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a file. Raises ConfigError naming each line that is none."""
    cases, mistakes = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            if not isinstance(case, dict):
                raise ValueError("not a JSON object")
            cases.append(case)
        except ValueError as error:
            mistakes.append(Mistake(file=str(path), line=number, column=1, problem=str(error)))
    if mistakes:
        raise ConfigError(*mistakes)
    return cases


def _print_stories(result: dict[str, Any]) -> None:
    click.echo(f"{result['cases']} entries of {result['stories']} stories, put into {result['found']}")
    for name in ("bcubed", "across_languages", "singletons"):
        one = result[name]
        measured = f"P {one['precision']:.3f}  R {one['recall']:.3f}  F1 {one['f1']:.3f}"
        click.echo(f"{name.replace('_', ' '):17} {measured}")
    for ids in result["mixed"]:
        click.echo(f"mixed: {' '.join(ids)}")


def _print(result: dict[str, Any]) -> None:
    low_p, high_p = result["ci"]["precision"]
    low_r, high_r = result["ci"]["recall"]
    click.echo(f"cases      {result['cases']} ({result['borderline']} borderline left out)")
    click.echo(f"precision  {result['precision']:.3f}  (95 %: {low_p:.3f}–{high_p:.3f})")
    click.echo(f"recall     {result['recall']:.3f}  (95 %: {low_r:.3f}–{high_r:.3f})")
    click.echo(f"F1         {result['f1']:.3f}    accuracy {result['accuracy']:.3f}")
    for kind, names in result["by"].items():
        for name, figures in names.items():
            if len(names) > 1:
                measured = f"P {figures['precision']:.3f}  R {figures['recall']:.3f}"
                click.echo(f"  {kind:7} {name:24} {figures['cases']:5}  {measured}")
    for wrong in result["wrong"]:
        click.echo(f"wrong: {wrong['id']}  expected {wrong['expect']}, got {wrong['got']}")
