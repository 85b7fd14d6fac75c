"""How well the curves match labelled intervals: manifests, metrics, and the run over them."""
