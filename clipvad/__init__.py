"""clipvad: sentences in, an explained anomaly timeline out."""
