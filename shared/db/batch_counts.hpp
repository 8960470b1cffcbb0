// What a batcher has done, for the log.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace db {

struct BatchCounts {
    std::uint64_t calls = 0;
    std::uint64_t requests = 0;    // that calls have taken
    std::uint64_t refused = 0;     // groups that found too much waiting
    std::size_t batch_largest = 0; // requests of the largest call
    std::size_t queue_longest = 0; // the most requests that ever waited at once, a leader's own included

    // Calls by their size: of 1 request, of 2, of 3 to 4, 5 to 8 and so on, doubling; the last counts all
    // that are larger still.
    std::array<std::uint64_t, 12> batches{};

    // The sizes in words, largest last: "1:120 2:30 3-4:12". Sizes that did not occur are left out.
    std::string batches_text() const
    {
        auto text = std::string();
        for (std::size_t i = 0; i < batches.size(); ++i) {
            if (batches[i] == 0) continue;
            auto const most = std::size_t{1} << i;
            if (!text.empty()) text += ' ';
            if (i > 1) text += std::to_string(most / 2 + 1) + (i + 1 < batches.size() ? "-" : "+");
            if (i < 2 || i + 1 < batches.size()) text += std::to_string(most);
            text += ':' + std::to_string(batches[i]);
        }
        return text;
    }

    void count_call(std::size_t size)
    {
        auto const step = static_cast<std::size_t>(std::bit_width(size - 1));
        ++batches[std::min(step, batches.size() - 1)];
        ++calls;
        requests += size;
        batch_largest = std::max(batch_largest, size);
    }
};

} // namespace db
