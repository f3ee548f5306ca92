"""The server's JSON to our models; its spelling occurs in this folder alone."""
