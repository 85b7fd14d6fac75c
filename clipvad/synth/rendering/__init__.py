"""How a scene becomes a picture: camera, solids, light and weather, backdrop, sensor."""
