"""Search, queries and saved views."""
