"""What `monitor demo` runs against: publishers, a mail server and receivers, all on loopback.

`content` reads the invented news from the JSON files beside it, `feeds` writes it as a publisher
would, `loopback` serves it over real sockets, `publishers` and `receivers` are who answers there,
`desk` writes the config a newcomer can read and edit.
"""
