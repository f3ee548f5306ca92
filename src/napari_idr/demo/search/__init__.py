"""The search engine of the idr face: its index, its questions, its replies."""
