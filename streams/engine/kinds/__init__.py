"""Field kinds: each module says what a touchpoint does to a field, its reading, its next change, its merge."""
