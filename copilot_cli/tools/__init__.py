"""The tools that a model may ask for, and the person's say in it."""
