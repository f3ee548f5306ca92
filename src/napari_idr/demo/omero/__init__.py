"""Answers of OMERO.web by kind of object; the ``ROUTES`` of a module are its paths."""
