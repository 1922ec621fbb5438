"""What benchmarks/tools.py asks, with which tools, and how it judges the answers."""
