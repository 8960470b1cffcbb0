// Nothing of its own: the precompiled headers of the tests need a file that they are made for.
