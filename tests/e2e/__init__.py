"""The whole worker, and the stack itself, against real servers."""
