"""What MLflow keeps: runs of trainings, and models by name."""
