"""Scripts behind the published figures; run from the repository root: `python -m benchmarks.<name>`."""
