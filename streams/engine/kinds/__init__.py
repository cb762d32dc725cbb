"""Field kinds: what a touchpoint does to a field, its reading at an instant, when it next changes."""
