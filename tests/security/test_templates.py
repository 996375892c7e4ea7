"""Templates run in a sandbox, and what a feed says is never read as one.

changedetection.io GHSA-4r7v-whpg-8rx3 (CVE-2024-32651): Jinja2 in notifications was not sandboxed, and
text of the world went through it.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import RenderError
from monitor.model import Kind
from monitor.render import Renderer, sample
from tests.world import ROOT

SHIPPED = ROOT / "templates"
GLOBALS = "__globals__"
WAYS_OUT = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('__cla' ~ 'ss__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ digest.stories | default('') | map(attribute='__class__') | list }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{0.__class__}' | format('') }}",
    "{{ ('{0.__class__.__mro__}' | safe).format('') }}",
    "{{ '{x.__class__}'.format_map({'x': ''}) }}",
    "{{ digest.__init__.__globals__ }}",
    "{{ reader.__init__.__globals__['sys'] }}",
    "{{ reader.zone.__class__.__init__.__globals__ }}",
    "{{ reader.when.__func__.__globals__ }}",
    "{{ reader.when.__self__.__class__ }}",
    "{{ t.__call__.__globals__ }}",
    "{{ t.phrases.update({'new': 'x'}) }}",
    "{{ t.phrases.clear() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ config }}",
    "{{ request }}",
    "{{ environ }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ import('os') }}",
    "{% import os %}{{ os }}",
    "{% set x = ''.__class__ %}{{ x.__base__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ (lambda: 1)() }}",
    "{{ digest.sections.__class__ }}",
    "{{ digest.topics.__setitem__('x', 'y') }}",
    "{{ ''.join.__self__.__class__.__base__ }}",
    "{{ range.__class__ }}",
    "{{ [].append.__self__ }}",
    "{{ digest.sections[0].stories[0].lead.entry.__dataclass_fields__ }}",
    "{{ digest.sections[0].stories[0].lead.entry.__reduce__() }}",
)  # fmt: skip
PATHS = (
    "{% include '/etc/passwd' %}",
    "{% include '../../../../etc/passwd' %}",
    "{% include '../secret.j2' %}",
    "{% extends '../secret.j2' %}",
    "{% from '../secret.j2' import x %}",
    "{% include '..\\\\secret.j2' %}",
    "{% include 'email/../../secret.j2' %}",
    "{% include 'shipped/../../secret.j2' %}",
    "{% include ['../secret.j2', '/etc/passwd'] %}",
    "{% include 'file:///etc/passwd' %}",
    "{% include 'http://127.0.0.1/' %}",
)
HEAVY = (
    "{{ 'x' * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ [0] * 10**9 }}",
    "{{ 'x'.center(2 * 10**9) }}",
    "{{ 'x'.ljust(2 * 10**9) }}",
    "{{ 'x'.zfill(2 * 10**9) }}",
    "{{ 9 ** 9 ** 9 }}",
    "{% for i in range(10**9) %}{% endfor %}",
    "{{ lipsum(n=10**6) }}",
    "{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% include 'email/digest.txt.j2' %}",
)


def desk(folder: Path, template: str) -> Renderer:
    """Return the renderer of a desk that wrote a template of its own."""
    (folder / "secret.j2").write_text("CANARY")
    own = folder / "templates" / "email"
    own.mkdir(parents=True)
    (own / "digest.txt.j2").write_text(template)
    return Renderer([folder / "templates", SHIPPED])


@pytest.mark.parametrize("template", WAYS_OUT)
def test_ghsa_4r7v_whpg_8rx3_no_template_gets_out_of_the_sandbox(tmp_path: Path, template: str) -> None:
    """changedetection.io GHSA-4r7v-whpg-8rx3: refused, or nothing at all comes of it."""
    renderer = desk(tmp_path, f"[{template}]")
    try:
        told = renderer.render(sample(), channel_type="email", parts=("txt",)).parts["txt"]
    except RenderError as error:
        told = str(error).replace("'__class__'", "").replace("'__base__'", "")
    assert not any(
        sign in told for sign in ("<class", "root:", "<module", "<function", "<built-in", " object at ")
    )


@pytest.mark.parametrize("template", PATHS)
def test_ghsa_4r7v_whpg_8rx3_no_template_reads_another_file(tmp_path: Path, template: str) -> None:
    with pytest.raises(RenderError) as refused:
        desk(tmp_path, template).render(sample(), channel_type="email", parts=("txt",))
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize("template", HEAVY)
def test_a_template_that_runs_away_is_a_mistake(tmp_path: Path, template: str) -> None:
    """Jinja2's own sandbox makes 2 GB of `'x' * 10**9` and of `center`."""
    with pytest.raises(RenderError):
        desk(tmp_path, template).render(sample(), channel_type="email", parts=("txt",))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("channel", ["email", "slack", "webhook", "telegram", "file"])
def test_ghsa_4r7v_whpg_8rx3_what_a_feed_says_is_no_template(kind: Kind, channel: str) -> None:
    """Text of feeds is the value of a variable; it is rendered once and never again."""
    payload = "{{7*7}}{%include '/etc/passwd'%}${7*7}<%=7*7%>#{7*7}"
    digest = sample(kind, language="en")
    sections = tuple(
        replace(
            section,
            title=payload,
            stories=tuple(
                replace(
                    story,
                    lead=replace(
                        story.lead,
                        spans=(),
                        entry=replace(
                            story.lead.entry, title=payload, summary=payload, source=payload, author=payload
                        ),
                    ),
                )
                for story in section.stories
            ),
        )
        for section in digest.sections
    )
    hostile = replace(
        digest,
        sections=sections,
        turns=tuple(replace(note, title=payload) for note in digest.turns),
        topics=dict.fromkeys(digest.topics, payload),
        troubles=tuple(replace(one, source=payload) for one in digest.troubles),
        signals=tuple(replace(note, title=payload) for note in digest.signals),
    )
    parts = ("txt", "html") if channel in ("email", "file") else ("json",)
    message = Renderer([SHIPPED]).render(hostile, channel_type=channel, parts=parts)
    for text in (message.subject, *message.parts.values()):
        assert "49" not in text.replace(payload, "") or "{{7*7}}" in text
    assert any("{{7*7}}" in text for text in message.parts.values())


def test_no_module_makes_an_environment_that_is_no_sandbox() -> None:
    found = subprocess.run(
        ["grep", "-rnE", r"\bEnvironment\(|\bTemplate\(|from_string\(|NativeEnvironment", "--include=*.py", "monitor"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout == ""
