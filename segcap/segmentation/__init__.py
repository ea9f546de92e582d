"""From an image to its ink, segments, cuts, candidates and glyphs."""
