"""The weekly report: its numbers, put together once and kept; what shows them reads those."""
