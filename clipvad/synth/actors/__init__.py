"""Who and what moves: bodies and their gestures, riders, vehicles, animals, things."""
