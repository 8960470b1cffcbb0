// Waiting for a condition.
#pragma once

#include <chrono>
#include <thread>

namespace support {

// Whether `condition` became true within the time; asked every so often.
template <class Condition>
bool eventually(std::chrono::milliseconds within, Condition condition,
                std::chrono::milliseconds every = std::chrono::milliseconds(20))
{
    auto const end = std::chrono::steady_clock::now() + within;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(every);
    }
    return true;
}

// Within ten seconds, and asked often: for what this machine sees without asking a server.
template <class Condition>
bool eventually(Condition condition)
{
    return eventually(std::chrono::seconds(10), condition, std::chrono::milliseconds(2));
}

} // namespace support
