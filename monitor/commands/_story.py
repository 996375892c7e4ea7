"""What became of an entry, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.life import WEIGHTS
from monitor.model import LinkKind


def link_lines(facts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield for people why an entry is where it is, and why not elsewhere."""
    for link in facts:
        other = f"e:{link['other'][:12]}" if "other" in link else ""
        parts = " ".join(f"{name} {value:+g}" for name, value in link.get("parts", {}).items())
        if link["kind"] == LinkKind.MANUAL:
            yield "here by hand"
        elif not other:
            yield "began the story, as far as was known then"
        elif "veto" in link:
            story = f" (story {link['story'][:12]})" if link["story"] else ""
            yield f"not with {other}{story}: {link['veto']}" + (f"    {parts}" if parts else "")
        elif link["kind"] == LinkKind.COPY:
            shared = ", ".join(f"{name} {value:.0%}" for name, value in link["parts"].items())
            yield f"copy of {other}: {shared}"
        else:
            language = " in another language" if link["kind"] == LinkKind.ACROSS else ""
            yield f"like {other}{language}: {link['score']:g} = {parts}"


def life_lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield a story's life for people."""
    yield (
        f"story {facts['story'][:12]}: {facts['phase']}, importance {facts['importance']:g} = "
        + " + ".join(f"{name} {value:g} ({_formula(name, facts)})" for name, value in facts["parts"].items())
    )
    yield (
        f"  {facts['reports']} reports, {facts['sources']} publishers, {facts['independent']} independent; "
        f"{facts['growth']} new in the last hours; lead: {facts['title']}"
    )
    for one in facts["coverage"]:
        place = f"{one['language']}-{one['country']}" if one["country"] else one["language"]
        yield f"  {place:6} first {one['first']}  {one['source']}"


def _formula(part: str, facts: dict[str, Any]) -> str:
    """Write how a part of the importance comes about, with the story's figures (see life)."""
    most = f"{WEIGHTS[part]:g}"
    match part:
        case "sources":
            return f"{most}·{facts['independent']}/({facts['independent']}+3)"
        case "growth":
            return f"{most}·{facts['growth']}/({facts['growth']}+3)"
        case "languages":
            spoken = len({one["language"] for one in facts["coverage"]})
            return f"{most}·({spoken}-1)/({spoken}+1)" if spoken else f"{most}·0"
    return f"of {most}"
