"""What a user does: install the wheel outside of the repository, and test real clients with it."""
