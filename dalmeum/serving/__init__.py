"""Models at work outside of experiments: over files of any size."""
