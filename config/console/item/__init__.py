"""One item: what it is, what is wrong with it, what it used to be, and how that differs."""
