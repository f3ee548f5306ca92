"""Images side by side under one contrast: which, where they lie, how they load."""
