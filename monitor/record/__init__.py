"""Record: what polls brought, kept raw, so that a past week can be replayed.

`Recorder` writes, `read` reads. A recording is a folder (or a .tar.gz of one):

    recording/
      example.com-rss-1f0c52ab/       one folder a feed: its address, for people, and a digest of it
        feed.json                     {"url", "source", "language", "country", "tier", "charset"}
        2025-10-16/                   one folder a day, in UTC, complete in itself
          index.jsonl                 one line a poll, in the order they happened
          9d5ab0c0a1e44f6b2c11.gz     a body under the digest of its bytes, gzipped

A line of `index.jsonl`:

    {"polled_at": "2025-10-16T18:30:00Z", "file": "9d5….gz", "type": "application/rss+xml"}
    {"polled_at": "2025-10-16T18:45:00Z", "file": "9d5….gz", "unchanged": true}         (304)
    {"polled_at": "2025-10-16T19:00:00Z", "failed": "http-5xx", "status": 503, "retry_after": 120}

and "final_url" and "moved_to" where redirects led elsewhere. A body that comes again is not written
again. A line is written in one piece after its body is on the disk, so a crash leaves at most a last
line that is torn; reading leaves it out and says so. A day is dropped by removing its folder, and
nothing else refers to it. No header of a request or answer is written, and no user or password of a URL.

An archive that others made is a folder or .tar.gz with `index.json`: `[{"file", "polled_at"}, …]`, or
`{"url", "source", "language", "country", "polls": [{"file", "polled_at"}, …]}`; what is said of
the feed may also stand in `feed.json` beside it, or in each line of the list.
"""

from monitor.record.archive import Archive, Poll, Recording, came, read
from monitor.record.recorder import Recorder

__all__ = ["Archive", "Poll", "Recorder", "Recording", "came", "read"]
