"""What went wrong, and where."""

from monitor.errors import ConfigError, Mistake, QueryError, caret


def test_a_mistake_names_its_place_and_points_at_it() -> None:
    mistake = Mistake(
        file="monitor.yaml", line=6, column=5, key="feeds.0.evry", problem="unknown setting",
        hint="did you mean 'every'?", excerpt="    evry: 10m",
    )  # fmt: skip

    assert str(mistake) == (
        "monitor.yaml:6:5: error: feeds.0.evry: unknown setting; did you mean 'every'?\n"
        "      6 |     evry: 10m\n"
        "        |     ^"
    )


def test_all_mistakes_are_said_at_once() -> None:
    assert str(ConfigError("one", "two")) == "error: one\nerror: two"


def test_a_query_error_points_into_the_line_of_a_long_query() -> None:
    error = QueryError("no such entity", query="@trump AND\n@putn", offset=11, hint="did you mean @putin?")

    assert (error.mistakes[0].line, error.mistakes[0].column) == (2, 1)
    assert str(error).splitlines()[1:] == ["      2 | @putn", "        | ^"]


def test_the_caret_stays_under_its_character_after_a_tab() -> None:
    assert caret("\tx: 1", 2) == "\t^"
