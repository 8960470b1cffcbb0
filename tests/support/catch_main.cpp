// The main() of every test program under Catch2 2; version 3 links its own.
#define CATCH_CONFIG_MAIN
#include "tests/support/catch.hpp"
