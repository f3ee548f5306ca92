"""The dock with the table of wells: the table, the colours, and what they mean."""
