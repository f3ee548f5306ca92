"""The wells' table as people use it: sorted, filtered, coloured, exported."""
