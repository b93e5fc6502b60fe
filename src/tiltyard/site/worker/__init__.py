"""Workers: processes that take jobs from the queue, do them and report what came of it."""
