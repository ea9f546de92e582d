"""What every room uses: images, character sets, results, errors, bundles, checks of arguments."""
