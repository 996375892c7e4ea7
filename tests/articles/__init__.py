"""Pages of articles, written for the project: four languages, fifteen makes, and pages that are no article.

The summit's story is the event's facts in our own words; the other story is invented and has none of its
names, while the boilerplate around it (related links, teasers, menus) is full of them.
"""
