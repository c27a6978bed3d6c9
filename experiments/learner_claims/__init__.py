"""What the claims of the learners need beside themselves."""
