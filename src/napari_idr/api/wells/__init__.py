"""The wells of a plate as one table: what is joined to what, and where it is from."""
