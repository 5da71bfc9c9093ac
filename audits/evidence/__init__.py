"""What an auditor is given: verdicts of a day, made again from what was in force on it."""
