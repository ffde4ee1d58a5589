"""Ways into the dataset folder, and out of it: what annotation tools and public data sets write."""
