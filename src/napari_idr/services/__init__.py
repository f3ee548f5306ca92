"""Decisions behind the browser: what a person asks for, without Qt."""
