"""What every list and answer of the API stands on, and the API of accounts."""
