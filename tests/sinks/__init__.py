"""Where announcements go."""
