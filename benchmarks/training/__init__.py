"""What a training costs, by the size of the site: `python -m benchmarks.training`."""
