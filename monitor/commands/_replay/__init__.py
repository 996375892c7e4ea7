"""What `monitor replay` is made of: the feeds of an archive, stand-ins for the world, the run, its words."""
