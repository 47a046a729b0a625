"""Benchmarks; the platform imports nothing from here."""
