// The main() of every test program under Catch2 2; version 3 links its own.
#define CATCH_CONFIG_MAIN
// GCC 12 with the address sanitizer takes members of libstdc++'s regex, inlined here, for uninitialized.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <catch2/catch.hpp>
