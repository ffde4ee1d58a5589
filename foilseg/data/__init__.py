"""Pictures, dataset folders, and what defects and labels are like."""
