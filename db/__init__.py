"""What the platform remembers: photos, annotations, verdicts, tasks, snapshots and jobs."""
