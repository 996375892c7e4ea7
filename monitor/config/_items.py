"""From trees to forms: every file's sections are merged, every item is read, every mistake is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.config import _kinds as kinds
from monitor.config._forms import PLAIN, SECTIONS, TOP, Form, SettingsForm, group_of, inner
from monitor.config._names import SETTING_SLIPS
from monitor.config._source import Entry, Node, Source, read
from monitor.errors import Mistake

Steps = tuple[int | str, ...]


@dataclass(slots=True)
class Item:
    """One item of a section: its name, where it stands, and its form (None: it is not readable)."""

    key: str
    name: str
    source: Source
    start: int
    node: Node
    form: Any = None
    wrong: set[str] = field(default_factory=set)
    """Settings of it that are wrong, and left out of the form."""
    inner: dict[str, dict[str, Item]] = field(default_factory=dict)
    """The items that stand within it, by setting and name: the states of a topic."""

    @property
    def written(self) -> Mapping[str, Entry]:
        """The settings that the desk wrote itself."""
        return self.node.value if isinstance(self.node.value, dict) else {}

    def mistake(
        self, path: Steps, problem: str, hint: str = "", *, at_key: bool = False, warning: bool = False
    ) -> Mistake:
        """Return a mistake about a value below this item; about the item itself where `path` is empty."""
        key = dotted(self.key, path)
        if not path:
            return self.source.mistake(self.start, key, problem, hint, warning=warning)
        return self.node.mistake(path, key, problem, hint, at_key=at_key, warning=warning)

    @property
    def where(self) -> str:
        """`file:line`, for a mistake that has two places."""
        return f"{self.source.name}:{self.source.place(self.start)[0]}"


def dotted(key: str, path: Steps) -> str:
    """Return `feeds[3].headers.Accept` for a path."""
    for step in path:
        key += f"[{step}]" if isinstance(step, int) else f".{step}" if key else step
    return key


@dataclass(slots=True)
class Items:
    """All that stands in the files, by section, and what is wrong so far."""

    settings: Item | None = None
    groups: dict[str, Item] = field(default_factory=dict)
    """`poll`, `network`, `keep`: the sections that are one group of settings."""
    named: dict[str, dict[str, Item]] = field(default_factory=dict)
    feeds: list[Item] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    complete: bool = True
    """False when a file could not be read at all: names may be missing that are not mistakes."""


class Reader:
    """Reads files one after the other into Items."""

    def __init__(self, around: kinds.Surroundings) -> None:
        self.around = around
        self.items = Items(named={name: {} for name in TOP if name not in PLAIN and name != "feeds"})
        self.main = Source.of("", "")
        """The first file."""
        self._top: dict[str, Item] = {}

    def open(self, path: Path, shown: str) -> Node | None:
        """Read a file's tree; what is wrong with it goes to the mistakes."""
        mistakes: list[Mistake] = []
        root = None
        try:
            source = Source.of(shown, path.read_text(encoding="utf-8"))
        except OSError as error:
            mistakes = [Mistake(file=shown, problem=f"cannot be read: {error.strerror or error}")]
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            mistakes = [
                Mistake(file=shown, line=line, column=1, problem="is not UTF-8", hint="save it as UTF-8")
            ]
        else:
            root, mistakes = read(source)
            if root is not None and not isinstance(root.value, dict):
                mistakes.append(
                    root.mistake((), "", f"must be settings (`key: value`), not {kinds.named(root.plain())}")
                )
                root = None
        self.items.complete &= not mistakes or root is not None
        self.items.mistakes += mistakes
        return root

    def take(self, root: Node, *, main: bool) -> None:
        """Add a file's top-level keys."""
        assert isinstance(root.value, dict)
        self.main = root.source if main else self.main
        for key, entry in root.value.items():
            if key not in TOP:
                self.say(root.source.mistake(entry.start, key, f"unknown setting {key!r}", _hint(key, TOP)))
            elif key == "include" and not main:
                self.say(root.source.mistake(entry.start, key, "only the main file includes others"))
            elif key in PLAIN:
                self._plain(key, entry)
            elif key == "feeds":
                self._feeds(entry)
            else:
                self._named(key, entry)

    def say(self, *mistakes: Mistake) -> None:
        """Keep mistakes."""
        self.items.mistakes += mistakes

    def _plain(self, key: str, entry: Entry) -> None:
        item = Item(key, key, entry.node.source, entry.start, entry.node)
        if first := self._top.get(key):
            self.say(item.mistake((), f"is set in two files, first in {first.where}"))
            return
        self._top[key] = item

    def _feeds(self, entry: Entry) -> None:
        if entry.node.value is None:
            return
        if not isinstance(entry.node.value, list):
            problem = f"must be a list of feeds, not {kinds.named(entry.node.plain())}"
            self.say(entry.node.mistake((), "feeds", problem, "each begins with '- url: '"))
            return
        form = SECTIONS["feeds"][0]
        for number, node in enumerate(entry.node.value):
            item = Item(f"feeds[{number}]", str(number), node.source, node.start, node)
            self.form(form, item)
            self.items.feeds.append(item)

    def _named(self, key: str, entry: Entry) -> None:
        if entry.node.value is None:
            return
        if not isinstance(entry.node.value, dict):
            problem = f"must be settings by name (`name: …`), not {kinds.named(entry.node.plain())}"
            self.say(entry.node.mistake((), key, problem))
            return
        known = self.items.named[key]
        one_group = key in SECTIONS and SECTIONS[key][1] == "settings"
        for name, child in entry.node.value.items():
            item = Item(f"{key}.{name}", name, child.node.source, child.start, child.node)
            if first := known.get(name):
                self.say(item.mistake((), f"stands in two files, first in {first.where}"))
                continue
            known[name] = item
            if not one_group:
                self._named_item(key, item)

    def _named_item(self, key: str, item: Item) -> None:
        try:
            kinds.identifier(item.name)
        except kinds.WrongError as error:
            self.say(item.mistake((), error.problem, error.hint))
        if key in SECTIONS:
            form = SECTIONS[key][0]
            self.form(form, item)
            for setting, inside in inner(form).items():
                if setting in item.written and setting not in item.wrong:
                    item.inner[setting] = self._inner(item, setting, inside)

    def _inner(self, item: Item, setting: str, form: type[Form]) -> dict[str, Item]:
        """Read the items within an item, each by itself, so that all their mistakes are found."""
        entries = item.written[setting].node.value
        found: dict[str, Item] = {}
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            key = f"{item.key}.{setting}.{name}"
            found[name] = Item(key, name, entry.node.source, entry.start, entry.node)
            self.form(form, found[name])
        return found

    def finish(self) -> Items:
        """Read the settings that may be spread over files; return everything."""
        for key in (name for name, (_, how) in SECTIONS.items() if how == "settings"):
            known = self.items.named.pop(key)
            self.items.groups[key] = self._gather(SECTIONS[key][0], key, known)
        self.items.settings = self._gather(SettingsForm, "", self._top)
        return self.items

    def _gather(self, form: type[Form], key: str, known: Mapping[str, Item]) -> Item:
        """Make one item of settings that stand here and there."""
        entries = {name: Entry(item.start, item.node) for name, item in known.items()}
        first = next(iter(known.values()), None)
        source, start = (first.source, first.start) if first else (self.main, 0)
        item = Item(key, key, source, start, Node(source, start, start, entries))
        self.form(form, item)
        return item

    def form(self, form: type[Form], item: Item, data: Any = None) -> bool:
        """Read one item into `item.form`; say whether all of it is right. Mistakes are kept.

        What is wrong is left out then, so that the rest is compared with other items all the same.
        """
        data = item.node.plain() if data is None else data
        if not isinstance(data, dict):
            hint = "write - url: https://…" if item.key.startswith("feeds[") and isinstance(data, str) else ""
            self.say(item.mistake((), f"must be a group of settings, not {kinds.named(data)}", hint))
            return False
        try:
            item.form = form.model_validate(data, context=self.around)
        except ValidationError as error:
            details = error.errors(include_url=False)
            self.say(*(_in_words(detail, item, form) for detail in details))
            item.wrong = {str(detail["loc"][0]) for detail in details if detail["loc"]}
        else:
            return True
        try:
            right = {key: value for key, value in data.items() if key not in item.wrong}
            item.form = form.model_validate(right, context=self.around)
        except ValidationError:
            item.form = None  # a setting is missing without which nothing can be said
        return False


def _in_words(detail: ErrorDetails, item: Item, form: type[Form]) -> Mistake:
    """Say in our words what pydantic found."""
    path = detail["loc"]
    at_key = bool(path) and path[-1] == "[key]"
    path = path[:-1] if at_key else path
    if path and isinstance(path[-1], int) and not isinstance(item.node.value_at(path[:-1]), list):
        path = path[:-1]  # one word where a list may stand
    given = detail.get("input")
    match detail["type"]:
        case "monitor":
            said = detail.get("ctx", {})
            return item.mistake(path, str(said.get("problem", "")), str(said.get("hint", "")), at_key=at_key)
        case "extra_forbidden":
            name = str(path[-1])
            group: type[Form] | None = form
            for step in path[:-1]:
                inside = group.model_fields.get(str(step)) if group else None
                group = group_of(inside.annotation) if inside else None
            hint = _hint(name, group.model_fields) if group else ""
            return item.mistake(path, f"unknown setting {name!r}", hint, at_key=True)
        case "missing":
            return item.mistake(path[:-1], f"the setting {str(path[-1])!r} is missing")
        case "tuple_type" | "list_type":
            return item.mistake(path, f"must be a list, not {kinds.named(given)}", "write [one, two]")
        case "dict_type" | "model_type" | "mapping_type":
            hint = "write {en: …, bn: …}" if path and path[-1] in _BY_LANGUAGE else ""
            return item.mistake(path, f"must be a group of settings, not {kinds.named(given)}", hint)
        case _:
            return item.mistake(path, detail["msg"][:1].lower() + detail["msg"][1:])


_BY_LANGUAGE = ("title", "label", "names", "forms", "typos", "unseen", "claims")


def _hint(name: str, known: Iterable[str]) -> str:
    names = tuple(known)
    slip = SETTING_SLIPS.get(name.casefold())
    if slip in names:
        return f"did you mean {slip!r}?"
    return kinds.near(name, names, otherwise=True)
