"""Claims of the controlled minibatch algorithm, by topic."""
