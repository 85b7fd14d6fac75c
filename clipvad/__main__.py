"""`python -m clipvad`: the same as the console script."""

from clipvad.cli import main

main()
