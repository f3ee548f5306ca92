"""Qt and napari, and nothing else."""
