"""The search engine of the idr face: its index, queries and replies."""
