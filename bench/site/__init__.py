"""A Django project that serves one trivial view many times, each time guarded by something else."""
