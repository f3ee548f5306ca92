"""Searching by gene, phenotype, compound ...: by mapr or by the search engine."""

from __future__ import annotations
