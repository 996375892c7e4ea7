"""Where the template of a part is looked for: the narrowest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.model import Digest, Kind, SignalKind

SIGNAL = "signal"
"""The templates of every kind of signal, where a kind has none of its own."""
SIGNALS = frozenset(one.value for one in SignalKind)
PAGES = "web"
"""The folder of the templates of the desk's own site: no channel's."""
ROUTES = "routes"
"""The folder with a folder for each route that looks different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A template that is rendered by itself. It is for one `language` and `route` only; empty: for any."""

    name: str
    kind: str
    part: str
    language: str = ""
    route: str = ""


def candidates(digest: Digest, channel_type: str, part: str) -> list[str]:
    """Return the names under which a part's template may be, the narrowest first.

    `routes/ROUTE/TYPE/LANGUAGE/`, `routes/ROUTE/TYPE/`, `TYPE/LANGUAGE/`, `TYPE/`, then `default/` in the
    same way; of a language like `bn-BD` first that, then `bn`.
    """
    stems = (str(digest.kind), SIGNAL) if digest.kind in SIGNALS else (str(digest.kind),)
    folders = (f"{ROUTES}/{digest.route}/{channel_type}", channel_type, "default")
    languages = dict.fromkeys((digest.language, digest.language.partition("-")[0]))
    middles = [*(f"/{language}" for language in languages), ""]
    return [
        f"{folder}{middle}/{stem}.{part}.j2" for folder in folders for middle in middles for stem in stems
    ]


def places(folders: Sequence[Path]) -> list[Place]:
    """Return all templates that are rendered by themselves, by name."""
    found: dict[str, Place] = {}
    for folder in folders:
        for kind in (*map(str, Kind), SIGNAL):
            for path in folder.rglob(f"{kind}.*.j2"):
                name = path.relative_to(folder).as_posix()
                if (place := _place(name, kind)) is not None:
                    found[name] = place
    return [found[name] for name in sorted(found)]


def strays(found: Collection[Place], routes: Collection[str]) -> Iterator[Place]:
    """Yield the templates of routes that there are not."""
    yield from (one for one in found if one.route and one.route not in routes)


def _place(name: str, kind: str) -> Place | None:
    *folders, file = name.split("/")
    route = ""
    if folders[:1] == [ROUTES]:
        route, folders = (folders[1], folders[2:]) if len(folders) > 2 else ("", [])
    if not 1 <= len(folders) <= 2 or folders[0] in ("parts", "words", PAGES):
        return None
    language = folders[1] if len(folders) == 2 else ""
    part = file.removeprefix(f"{kind}.").removesuffix(".j2")
    return Place(name=name, kind=kind, part=part, language=language, route=route)
