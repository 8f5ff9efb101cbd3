"""What a team shares: claims on ideas, the ledger of submissions, and the board of its runs."""
