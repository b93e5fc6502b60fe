"""The parts of lance: what it remembers, how it rides, what it does without gradients and against noise."""
