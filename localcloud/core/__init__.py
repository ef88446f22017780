"""What all services stand on: state, jobs, runtime, settings."""
