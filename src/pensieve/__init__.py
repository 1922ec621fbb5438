"""Pensieve: the Anthropic Messages API on a model of your own machine."""

__version__ = "0.1.0"
