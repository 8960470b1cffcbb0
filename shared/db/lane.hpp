// Group commit: callers put requests in, one of them carries all that wait to the database in one call, and
// each gets its own answer. While a call is in flight the next batch gathers; an idle lane sends a batch of
// one at once, on the caller's own thread, so nothing ever waits on a timer and a lone caller pays no
// handover.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace db {

template <class Request, class Answer>
class Lane {
  public:
    // Answers a batch, one answer a request, in order. An exception is delivered to every caller of that
    // batch.
    using Execute = std::function<std::vector<Answer>(std::span<Request const>)>;

    // `batch_max`: a call takes whole groups until it holds at least this many requests; a larger group goes
    // alone.
    Lane(Execute execute, std::size_t batch_max);

    // Blocks until every request of the group is answered. A group stays together and in order.
    std::vector<Answer> submit(std::vector<Request> group);

    Answer submit(Request request);
};

} // namespace db
