"""Match: which entries are about a topic, and why."""

from monitor.match.matcher import Explanation, Matcher, Query, check_query
from monitor.match.parse import parse_query
from monitor.match.tree import print_query
from monitor.match.vocabulary import Form

__all__ = ["Explanation", "Form", "Matcher", "Query", "check_query", "parse_query", "print_query"]
