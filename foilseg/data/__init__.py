"""Pictures, dataset folders, importers, and what defects and labels are like."""
