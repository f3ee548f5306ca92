"""What napari-idr costs, each figure a ratio of two things measured in one run."""
