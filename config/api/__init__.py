"""The API: every address of it, and what joins apps in it."""
