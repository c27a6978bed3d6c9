"""Published figures and tables, computed again: one script and one committed CSV each."""
