"""`python -m core3d_search.cli`, for machines where the scripts folder is not on the PATH."""

from core3d_search.cli import main

main()
