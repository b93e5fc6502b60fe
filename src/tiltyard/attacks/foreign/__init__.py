"""Other libraries' attacks in our shape, one file a library. They know no budget: the meter stops them."""
