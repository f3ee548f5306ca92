"""What a person asks for, made of many requests; no Qt."""
