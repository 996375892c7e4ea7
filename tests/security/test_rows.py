"""The list of what befell our peers, and the test of each: no row without one, or without a reason.

The rows are those of the project's research on reliability, §2.1 (vulnerabilities of peers) and §2.2
(holes measured in components of today). Not here yet, because there is nothing to attack: a media
proxy, OPML import, restoring backups. Whoever builds one of these finds its rows below.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent

PEERS = {
    "changedetection.io CVE-2026-27696: addresses not checked": "no_spelling_of_a_private_address_is_reached",
    "changedetection.io GHSA-gwph-fp79-379w: CGNAT, multicast": "ranges_that_ipaddress_takes_for_public_are_not",
    "changedetection.io GHSA-rph4-96w6-q594: two parsers, one URL": "what_is_checked_and_what_is_asked_are_one_url",
    "changedetection.io GHSA-56fq-63vj-9992: a second way to fetch": "channels_go_through_the_same_gate",
    "changedetection.io GHSA-hm22-wg2m-35v4: the browser's way": "there_is_one_gate_and_no_other_module_opens_sockets",
    "changedetection.io CVE-2024-51483, -51998, -56509: file:": "no_spelling_of_a_private_address_is_reached",
    "changedetection.io CVE-2026-41895: XXE": "no_external_entity_is_fetched",
    "changedetection.io CVE-2026-29039: unparsed-text()": "queries_and_templates_have_no_way_to_a_file",
    "changedetection.io CVE-2026-33981: jq env": "queries_and_templates_have_no_way_to_a_file",
    "changedetection.io GHSA-4r7v-whpg-8rx3, CVE-2024-32651: SSTI": "no_template_gets_out_of_the_sandbox",
    "changedetection.io CVE-2023-24769: XSS": "no_field_of_a_feed_is_active_in_a_page",
    "changedetection.io CVE-2025-52558: XSS by an error's text": "no_field_of_a_feed_is_active_in_a_page",
    "changedetection.io CVE-2025-62780: XSS by a URL": "no_field_of_a_feed_is_active_in_a_page",
    "changedetection.io CVE-2026-27645: XSS by RSS": "what_was_sent_is_harmless",
    "changedetection.io CVE-2026-29038: XSS by a tag": "no_field_of_a_feed_is_active_in_a_page",
    "changedetection.io CVE-2026-29065: zip slip": "no_member_leaves_the_folder",
    "changedetection.io GHSA-8757-69j2-hx56: zip bomb": "a_bomb_is_refused_unread",
    "changedetection.io CVE-2026-35490: auth bypass": "no_page_is_shown_without_the_password",
    "Miniflux CVE-2025-67713, CVE-2026-55185: open redirect": "nothing_leads_elsewhere",
    "Miniflux CVE-2026-21885: SSRF by its media proxy": "a_proxy_is_no_way_around",
    "Miniflux, fix of 2026-03-02: DNS rebinding": "the_address_that_was_checked_is_the_one_connected_to",
    "Miniflux CVE-2025-31483: XSS for want of a CSP": "nothing_runs_in_a_real_browser",
    "Miniflux CVE-2023-27592: XSS by a broken image": "nothing_runs_in_a_real_browser",
    "FreshRSS CVE-2025-32015: srcdoc": "no_field_of_a_feed_is_active_in_a_page",
    "FreshRSS pull request 7506: formaction": "no_field_of_a_feed_is_active_in_a_page",
    "FreshRSS CVE-2023-22481: passwords in a log": "no_secret_is_in_what_is_said",
    "FreshRSS 1.30: refusing as the default": "private_addresses_are_refused_unless_the_desk_says_so",
    "tt-rss CVE-2020-25787: SSRF": "commands_that_fetch_go_through_it_too",
    "tt-rss CVE-2020-25788: XSS": "no_field_of_a_feed_is_active_in_a_page",
    "tt-rss CVE-2020-25789: XSS": "no_field_of_a_feed_is_active_in_a_page",
    "Liferea CVE-2023-1350: a command out of a URL": "no_title_link_or_enclosure_runs_a_command",
    "Newsboat CVE-2017-12904: a command out of a title": "there_is_no_shell_anywhere",
    "Newsboat CVE-2017-14500: a command out of an enclosure": "no_file_is_called_as_a_feed_wants",
    "feedparser CVE-2009-5065: CDATA": "a_script_is_no_link",
    "feedparser CVE-2011-1156: a broken DOCTYPE": "what_hurts_a_parser_ends_in_time_and_leaves_the_loop_alone",
    "feedparser CVE-2011-1157: comments": "a_script_is_no_link",
    "feedparser CVE-2011-1158: schemes": "a_script_is_no_link",
    "feedparser CVE-2012-2921: entities": "a_worker_has_a_limit_of_memory",
    "Apprise CVE-2021-39229: ReDoS": "twice_the_text_takes_twice_the_time",
    "trafilatura#910: SSRF by a redirect": "no_redirect_reaches_one_either",
    "lxml.html.clean CVE-2018-19787, 2020-27783, 2021-28957, 2021-43818": "no_field_of_a_feed_is_active_in_a_page",
    "Python CVE-2024-6923, CVE-2026-1299, CVE-2026-0672: headers": "nothing_of_a_feed_becomes_a_header",
    "Brotli GHSA-2qfp-q593-8484: no bound": "a_gigabyte_ends_at_the_limit_in_little_memory",
}
MEASURED = {
    "gzip, br and zstd bombs of 1 GB": "a_gigabyte_ends_at_the_limit_in_little_memory",
    "stacked encodings": "stacked_codings_are_refused",
    "a drip of body or headers": "an_answer_byte_by_byte_ends_at_the_deadline",
    "2 MB of headers": "two_megabytes_of_them_are_refused",
    "50,000 attributes": "the_daemon_gives_five_seconds_of_one_worker_and_no_more",
    "100,000 nested tags, 300,000 escapes, 50,000 items": "what_hurts_a_parser_ends_in_time_and_leaves_the_loop_alone",
    "billion laughs, quadratic": "what_hurts_a_parser_ends_in_time_and_leaves_the_loop_alone",
    "XXE by file and parameter entity": "no_external_entity_is_fetched",
    "expat CVE-2023-52425: a long token in 1 KB pieces": "a_long_token_in_small_pieces_is_parsed_whole",
    "seven of seven past feedparser's sanitizer": "no_field_of_a_feed_is_active_in_a_page",
    "a Bcc by an encoded word": "nothing_of_a_feed_becomes_a_header",
    "20 spellings of an address": "no_spelling_of_a_private_address_is_reached",
    "ranges that ipaddress takes for global": "ranges_that_ipaddress_takes_for_public_are_not",
    "httpx's log line": "no_secret_is_in_what_is_said",
    "'x' * 10**9 and center(2e9) in a sandbox": "a_template_that_runs_away_is_a_mistake",
    "(a+)+$ in a query": "a_desks_pattern_cannot_backtrack",
}
FOUND = {
    "a Cache-Control of 60 KB kept the loop for two minutes": "no_header_takes_long_to_read",
    "forty comments before a feed kept the process for hours": "what_hurts_a_parser_ends_in_time_and_leaves_the_loop_alone",
    "a megabyte before an @ in <author> kept it for an hour": "twice_the_text_takes_twice_the_time",
    "a row of dots or of accents kept matching for minutes": "matching_takes_time_in_proportion",
    "&#999… of 5,000 digits stopped fifty polls for ever": "one_documents_bug_takes_no_other_poll_with_it",
    "a redirect to http://xn--a/ raised": "a_redirect_to_a_host_that_idna_does_not_know_is_refused",
    "millions of empty zstd blocks, gzip members, chunks": "framing_that_says_nothing_costs_the_loop_no_time",
    "escape sequences in a headline": "no_headline_commands_the_terminal",
}
"""What looking for these found in monitor itself."""
ROWS = PEERS | MEASURED | FOUND
NOT_HERE = {
    "Miniflux CVE-2023-27591 (metrics without a login)": "there is no metrics endpoint",
    "OPML and backup import": "neither exists; archives for `replay` have the tests",
}


def named() -> dict[str, str]:
    """Return the names of this folder's tests, with the file of each."""
    return {
        node.name: path.name
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_its_test(row: str) -> None:
    wanted = ROWS[row]
    assert [name for name in named() if name.endswith(f"_{wanted}")], wanted


def test_what_has_no_test_has_a_reason() -> None:
    assert all(NOT_HERE.values())
    assert not NOT_HERE.keys() & PEERS.keys()
