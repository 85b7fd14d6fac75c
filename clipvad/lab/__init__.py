"""The quality lab: scorers x encoders x detectors x modes over labelled sets, through the product's own pipeline."""
