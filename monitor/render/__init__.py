"""Render: a digest → the message of one channel, from templates a desk can edit.

Templates are Jinja2 in a sandbox: `TYPE/KIND.PART.j2`, where TYPE is the channel's type, KIND
`digest` or `alert` and PART what the channel asks for (`subject.txt`, `html`, `txt`, `json`). A
desk's folder comes before the shipped one; there `{% extends "shipped/email/digest.html.j2" %}`
overrides single blocks. A type without templates uses `default/`.

Escaping follows the part: `html` escapes by itself; in `json` only what went through `tojson` may be
printed; all text of other people is cleaned of control characters before a template sees it.
"""

from __future__ import annotations

from monitor.render.renderer import COPY, MAX_OUTPUT, Renderer
from monitor.render.sample import sample

__all__ = ["COPY", "MAX_OUTPUT", "Renderer", "sample"]
