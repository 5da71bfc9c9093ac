"""Acme's rules: one YAML file a technology."""
