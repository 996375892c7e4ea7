"""Languages: how words change in each language, one file a language."""
