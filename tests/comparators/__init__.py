"""What the comparators promise."""
