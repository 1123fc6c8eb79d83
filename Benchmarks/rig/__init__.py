"""The side-by-side benchmark: see Benchmarks/README.md."""
