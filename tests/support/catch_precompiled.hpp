// What the test programs read once a build (tests/CMakeLists.txt). A test includes what it needs itself, as if this were not there.
#pragma once

#include "tests/support/catch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
