"""What `monitor feeds` is made of: looking for feeds, lists as OPML."""
