"""Tell services of AWS."""
