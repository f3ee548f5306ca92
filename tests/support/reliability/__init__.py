"""A matrix: each question of the client, put to a server with each fault."""
