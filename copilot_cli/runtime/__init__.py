"""GitHub's official runtime on this machine: which one, where from, and whether it is whole."""
