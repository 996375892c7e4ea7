"""The query language: how it is read, written and refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.match import check_query, parse_query, print_query, tree
from monitor.model import Entity, LookAlike

E, W = tree.Entity, tree.Word


def test_not_binds_tightest_then_juxtaposition_then_and_then_or() -> None:
    assert parse_query("a NOT b AND c OR d") == parse_query("((a AND (NOT b)) AND c) OR d")
    assert parse_query("a OR b c") == tree.Either(
        parts=(W(text="a"), tree.Every(parts=(W(text="b"), W(text="c"))))
    )


def test_near_binds_tighter_than_juxtaposition_and_chains_from_the_left() -> None:
    near = tree.Near(left=W(text="a"), right=W(text="b"), words=8)
    assert parse_query("a NEAR/8 b c") == tree.Every(parts=(near, W(text="c")))
    assert parse_query("a NEAR/8 b THEN/2 c") == tree.Near(
        left=near, right=W(text="c"), words=2, ordered=True
    )


def test_operators_are_upper_case_only() -> None:
    assert parse_query("a and b") == tree.Every(parts=(W(text="a"), W(text="and"), W(text="b")))


def test_words_keep_what_belongs_to_them() -> None:
    texts = [p.text for p in parse_query("cease-fire U.S. 24/7 10:30 Orbán’s ১৭ 2.5").parts]  # type: ignore[attr-defined]
    assert texts == ["cease-fire", "U.S.", "24/7", "10:30", "Orbán’s", "১৭", "2.5"]


QUERIES = [
    "word",
    '"exact phrase"',
    "=Word",
    '="Two Words"',
    "word*",
    "@entity",
    "NOT a",
    "NOT NOT a",
    "NOT (a OR b)",
    "a AND (b OR c) AND NOT d",
    "a NEAR/8 b",
    "a NEAR/8 (b THEN/2 c)",
    "(a OR b) THEN/0 c",
    "SENTENCE(a AND b)",
    '2 OF (a, b AND c, "d e")',
    "title:a",
    "title:(a OR b)",
    'summary:"a b"',
    "body:@putin",
    'author:"A. Writer"',
    'lang:"bn"',
    'source:"Prothom Alo" AND country:"BD"',
    "date:2025-10-16..2025-10-20",
    "date:..2025-10-20",
    "date:2025-10-16..",
    r"/Tomahawks?\b/",
    r"/a\/b|c{2,3}/i",
    "score(a^2 OR b OR (c AND d)^0.5) >= 2.5",
]


@pytest.mark.parametrize("query", QUERIES)
def test_printing_and_reading_again_changes_nothing(query: str) -> None:
    part = parse_query(query)
    printed = print_query(part)
    assert parse_query(printed) == part
    assert print_query(parse_query(printed)) == printed


_leaf = st.one_of(
    st.sampled_from(["putin", "পুতিন", "17", "cease-fire"]).map(lambda t: tree.Word(text=t)),
    st.sampled_from(["a b", "শীর্ষ সম্মেলন"]).map(lambda t: tree.Phrase(text=t)),
    st.just(tree.Exact(text="Word")),
    st.just(tree.Prefix(text="tomah")),
    st.sampled_from(["trump", "leaders"]).map(lambda t: tree.Entity(id=t)),
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tree.Part:
    """Any tree of a few levels (composite: the representation of a recursive strategy grows too long)."""
    kind = draw(st.integers(0, 8)) if depth else 0
    if kind == 0:
        return draw(_leaf)
    if kind == 1:
        left, right = draw(_leaf), draw(_leaf)
        return tree.Near(left=left, right=right, words=draw(st.integers(0, 9)), ordered=draw(st.booleans()))
    first = draw(trees(depth - 1))
    if kind == 2:
        return tree.Not(part=first)
    if kind == 3:
        return tree.Sentence(part=first)
    if kind == 4:
        return tree.Within(field=draw(st.sampled_from(["title", "summary", "body"])), part=first)
    second = draw(trees(depth - 1))
    if kind == 5:
        return tree.AtLeast(count=1, parts=(first, second))
    if kind == 6:
        return tree.Score(parts=((first, 2.0), (second, 1.0)), least=2.0)
    joined = tree.Every if kind == 7 else tree.Either
    flat = not isinstance(first, joined) and not isinstance(second, joined)
    return joined(parts=(first, second)) if flat else first


@given(trees())
@settings(deadline=None)
def test_any_tree_is_written_so_that_it_reads_back(part: tree.Part) -> None:
    assert parse_query(print_query(part)) == part


WRONG = [
    ("", 0, "empty"),
    ("   ", 0, "empty"),
    ("(a", 0, "never closed"),
    ("a)", 1, "closes none"),
    ("a AND", 5, "missing"),
    ("AND a", 0, "AND does not fit"),
    ("a OR OR b", 5, "OR does not fit"),
    ("a NEAR b", 2, "NEAR does not fit"),
    ('a "b c', 2, "never closed"),
    ("titel:a", 0, "no field 'titel'"),
    ("a AND titel:b", 6, "no field"),
    ("@", 0, "cannot be read"),
    ("NOT a NEAR/3 b", 4, "NOT has no place"),
    ("(a AND b) NEAR/3 c", 1, "AND has no place"),
    ("5 OF (a, b)", 0, "5 of 2"),
    ("score(a OR b) >= 3", 17, "never reach 3"),
    ("date:yesterday", 0, "not a day"),
    ('source:""', 0, "no source"),
    ("date:2025-13-01", 0, "not a day"),
    ("date:2025-10-20..2025-10-16", 0, "before the first"),
    ("/(/", 0, "RE2"),
    (r"/(a)\1/", 0, "RE2"),
    ("/(?<=a)b/", 0, "RE2"),
    ("***", 0, "cannot be read"),
    ("...", 0, "no word"),
    ("(" * 60 + "a" + ")" * 60, 40, "parentheses"),
]


@pytest.mark.parametrize("query, offset, problem", WRONG, ids=[w[0][:20] for w in WRONG])
def test_a_wrong_query_is_refused_at_its_character(query: str, offset: int, problem: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(query)
    assert problem in caught.value.problem
    assert caught.value.offset == offset


def test_the_error_shows_the_place_with_a_caret_and_a_hint() -> None:
    with pytest.raises(QueryError) as caught:
        parse_query("@trump AND\ntitel:x")
    assert str(caught.value).splitlines() == [
        "query:2:1: error: there is no field 'titel'; did you mean title:?",
        "      2 | titel:x",
        "        | ^",
    ]


def test_a_query_of_a_megabyte_is_refused_at_once() -> None:
    with pytest.raises(QueryError, match="1,000,000 characters"):
        parse_query("a " * 500_000)


@given(st.text(alphabet='ab @=*"()/^,:.-0 ANDORTEF১পু\n', max_size=40))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        part = parse_query(text)
    except QueryError:
        return
    assert parse_query(print_query(part)) == part


def test_names_are_checked_against_entities_look_alikes_and_groups() -> None:
    known: list[Entity | LookAlike | str] = [
        Entity(id="trump"),
        Entity(id="putin"),
        LookAlike(id="trump_card"),
    ]
    groups = {"leaders": ("trump", "putin"), "broken": ("nobody",)}
    check_query("@trump OR @leaders OR @trump_card", known, groups)
    with pytest.raises(QueryError, match="did you mean @putin") as caught:
        check_query("@trump AND @puttin", known, groups)
    assert caught.value.offset == 11
    with pytest.raises(QueryError, match="in the group @broken"):
        check_query("@broken", known, groups)


def test_a_group_within_itself_is_harmless() -> None:
    check_query("@a", [Entity(id="x")], {"a": ("b", "x"), "b": ("a",)})
