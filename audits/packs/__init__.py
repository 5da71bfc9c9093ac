"""The shipped rules: one YAML file a technology."""
