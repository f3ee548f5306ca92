"""What OMERO.web answers, by noun; each module's ``ROUTES`` say to which paths."""
