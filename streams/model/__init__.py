"""The model language: one YAML file that says what touchpoints mean, read, checked and compiled. Pure."""
