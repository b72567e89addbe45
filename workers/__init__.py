"""Background work: workers, the clock, and the command line that runs them. No Flask here."""
