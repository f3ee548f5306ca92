"""What is looked at without a network: what was seen before, what was kept, packs."""
