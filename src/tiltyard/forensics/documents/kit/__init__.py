"""What all templates draw with: a canvas, text in lines and columns, tables, a page's colours and faces."""
