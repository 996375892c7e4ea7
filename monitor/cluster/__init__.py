"""Cluster: entries → the stories they belong to, in any language.

`Clusterer` takes entries batch by batch and says which stories changed. What it knows of each entry is
a `Print`; `likeness` says how sure it is that two tell the same, `copies` finds the same text,
`decide` picks the story, `threads` and `naming` see to it that neither the order of arrival nor a crash
changes a story or its id. docs/decisions/0003-stories.md tells how and why.
"""

from monitor.cluster.clusterer import WINDOW, Clusterer
from monitor.cluster.evaluate import evaluate as evaluate_stories
from monitor.cluster.naming import identity
from monitor.cluster.prints import Known

__all__ = ["WINDOW", "Clusterer", "Known", "evaluate_stories", "identity"]
