"""Where it happens: eight places, their surfaces and furniture."""
