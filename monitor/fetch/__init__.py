"""Fetch: a feed's URL to a FetchResult."""
