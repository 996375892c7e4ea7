"""Match: which entries are about a topic, and why.

`Matcher` is made once of entities, look-alikes, groups and topics and read with for every entry. The
parts, in the order in which they are used: `parse` reads a query into a `tree`, `resolve` makes of it
something that runs (`decide`), `vocabulary` finds all words in one pass over a `document`, `evaluate`
measures, `lint` and `near_miss` advise, `necessary` asks the full-text index.
"""

from monitor.match.evaluate import case_entry, evaluate, wilson
from monitor.match.lint import Finding
from monitor.match.matcher import Explanation, Matcher, Query, check_query
from monitor.match.near_miss import NearMiss
from monitor.match.parse import parse_query
from monitor.match.tree import print_query
from monitor.match.vocabulary import Form

__all__ = [
    "Explanation",
    "Finding",
    "Form",
    "Matcher",
    "NearMiss",
    "Query",
    "case_entry",
    "check_query",
    "evaluate",
    "parse_query",
    "print_query",
    "wilson",
]
