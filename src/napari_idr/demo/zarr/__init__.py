"""The images as OME-Zarr: how each is written, and the store that serves them."""
