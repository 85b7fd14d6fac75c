"""Training on labels: video-level models, and the taught similarity. Torch."""
