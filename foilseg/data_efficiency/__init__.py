"""What few annotated images find, after a start on rendered ones and beside them."""
