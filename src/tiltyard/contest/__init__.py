"""What a contest is: entries, budgets, rows, scores, boards. No torch, no Django."""
