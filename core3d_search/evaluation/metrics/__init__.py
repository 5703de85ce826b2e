"""What is measured, in NumPy alone: labels of points, instances, duplicates, retrieval, intervals."""
