"""A search for better settings: its storage, its trials, who tries them, and what it came to."""
