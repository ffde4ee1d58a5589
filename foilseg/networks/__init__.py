"""U-Net, losses, inference, and what a network costs."""
