"""Issues, rules and what people said about them by HTTP."""
