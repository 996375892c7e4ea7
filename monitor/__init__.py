"""monitor watches the news for a desk.

It polls feeds, finds the entries about a topic, folds copies of one piece of news into a
story and sends what is new. The parts and the values that flow between them:

    Feed ─fetch▶ FetchResult ─parse▶ Document ─dedupe▶ Entry ─match▶ Match ─cluster▶ Story
                                                                                  │
                              Delivery ◀deliver─ Message ◀render─ Digest ◀compose─┘

Verbs are stages, plurals are families (one file a member), nouns are values.
`docs/architecture.md` says more.
"""

import sys

__version__ = "0.1.0"

# What httpx and Mako (Alembic's) have for people at terminals imports rich and pygments where they are: 9 MB
# that no daemon uses. None says that there is no such module, which both libraries provide for.
for _name in ("httpx._main", "mako.ext.pygmentplugin"):
    # The import system takes None for "not to be found" (reference, 5.3.1); typeshed does not know it.
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
