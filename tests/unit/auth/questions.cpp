// Asking Supabase Auth about tokens: who waits, how many may, and that nobody takes another's turn.
#include "shared/auth/questions.hpp"

#include "shared/base/failure.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

using auth::Questions;

auto const owner = *base::parse_uuid("7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11");

// A Supabase Auth that answers when it is told to.
struct Slow {
    Questions::Ask ask()
    {
        return [this](std::string_view token, base::Deadline) -> std::optional<base::Uuid> {
            ++asked;
            auto const now = ++at_once;
            for (auto seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
            }
            answers.wait(false);
            --at_once;
            return token.starts_with("forged") ? std::nullopt : std::optional(owner);
        };
    }
    void answer()
    {
        answers = true;
        answers.notify_all();
    }

    std::atomic<int> asked = 0;
    std::atomic<int> at_once = 0;
    std::atomic<int> most = 0;
    std::atomic<bool> answers = false;
};

// Many who ask at once; each has its outcome: 'y' yes, 'n' no, 't' too many.
class Crowd {
  public:
    Crowd(Questions& questions, Slow& slow) : questions_(questions), slow_(slow) {}
    ~Crowd()
    {
        slow_.answer();
        join();
    }
    Crowd(Crowd const&) = delete;
    Crowd& operator=(Crowd const&) = delete;

    void add(std::string token, std::string client, int count = 1)
    {
        for (auto i = 0; i < count; ++i)
            threads_.emplace_back([this, client, token = token + (count > 1 ? std::to_string(i) : "")] {
                try {
                    auto const whose =
                        questions_.whose(token, client, base::deadline_in(std::chrono::seconds(20)));
                    ++(whose ? yes : no);
                } catch (base::Failure const& failure) {
                    too_many +=
                        failure.error() == base::Error::auth_unavailable && failure.retry_after_s() > 0;
                }
            });
    }
    void join()
    {
        for (auto& thread : threads_)
            thread.join();
        threads_.clear();
    }

    std::atomic<int> yes = 0;
    std::atomic<int> no = 0;
    std::atomic<int> too_many = 0;

  private:
    Questions& questions_;
    Slow& slow_;
    std::vector<std::thread> threads_;
};

Questions questions_of(Slow& slow, std::size_t waiting_max = 64)
{
    return Questions(slow.ask(), waiting_max, [] { return std::int64_t{1}; });
}

} // namespace

TEST_CASE("an address has four questions under way, and the rest wait for their turn", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow);
    auto crowd = Crowd(questions, slow);
    crowd.add("good", "203.0.113.7", 12);
    REQUIRE(support::eventually([&] { return slow.at_once == 4; }));

    slow.answer();
    crowd.join();

    CHECK(crowd.yes == 12);
    CHECK(slow.asked == 12);
    CHECK(slow.most == 4);
}

TEST_CASE("forged tokens of one address crowd out nobody else's", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow);
    auto forgers = Crowd(questions, slow);
    auto others = Crowd(questions, slow);
    forgers.add("forged", "203.0.113.7", 40);
    // 16 of them wait, four of these for an answer.
    REQUIRE(support::eventually([&] { return slow.at_once == 4 && forgers.too_many == 24; }));

    others.add("good", "203.0.113.8", 4);
    others.add("good of IPv6", "2001:db8:1::1", 4);
    CHECK(support::eventually([&] { return slow.at_once == 12; }));

    slow.answer();
    forgers.join();
    others.join();
    CHECK(others.yes == 8);
    CHECK(forgers.no == 16);
}

TEST_CASE("an address of IPv6 is its network, one of IPv4 itself in either form", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow);
    auto crowd = Crowd(questions, slow);
    for (auto i = 0; i < 10; ++i)
        crowd.add("one network " + std::to_string(i), "2001:db8:1:1::" + std::to_string(i));
    CHECK(support::eventually([&] { return slow.at_once == 4; }));
    crowd.add("another network", "2001:db8:1:2::1");
    crowd.add("mapped", "::ffff:203.0.113.7");
    crowd.add("mapped too", "::ffff:203.0.113.8", 4);

    CHECK(support::eventually([&] { return slow.at_once == 10; }));
    slow.answer();
    crowd.join();
    CHECK(crowd.yes == 16);
}

TEST_CASE("of all addresses together no more wait than may", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow, 6);
    auto crowd = Crowd(questions, slow);
    for (auto i = 0; i < 10; ++i)
        crowd.add("good " + std::to_string(i), "203.0.113." + std::to_string(i));
    CHECK(support::eventually([&] { return slow.at_once == 6 && crowd.too_many == 4; }));

    slow.answer();
    crowd.join();
    CHECK(questions.whose("later", "203.0.113.20", base::deadline_in(std::chrono::seconds(1))) == owner);
}

TEST_CASE("one token is asked about once, however many send it", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow);
    auto crowd = Crowd(questions, slow);
    for (auto i = 0; i < 10; ++i)
        crowd.add("a page's", "203.0.113.7");
    REQUIRE(support::eventually([&] { return slow.at_once == 1; }));

    slow.answer();
    crowd.join();

    CHECK(crowd.yes == 10);
    CHECK(slow.asked == 1);
}

TEST_CASE("who gets no turn until the deadline is told to come back", "[questions]")
{
    auto slow = Slow();
    auto questions = questions_of(slow);
    auto crowd = Crowd(questions, slow);
    crowd.add("good", "203.0.113.7", 4);
    REQUIRE(support::eventually([&] { return slow.at_once == 4; }));

    CHECK_THROWS_AS(questions.whose("late", "203.0.113.7", base::deadline_in(std::chrono::milliseconds(50))),
                    base::Failure);
    slow.answer();
    crowd.join();
    CHECK(crowd.yes == 4);
    CHECK(questions.whose("late", "203.0.113.7", base::deadline_in(std::chrono::seconds(1))) == owner);
}

TEST_CASE("a question that failed leaves its place to the next", "[questions]")
{
    auto fails = true;
    auto questions = Questions(
        [&](auto, auto) -> std::optional<base::Uuid> {
            if (fails) throw base::Failure(base::Error::auth_unavailable, "down");
            return owner;
        },
        1, [] { return std::int64_t{1}; });
    for (auto i = 0; i < 20; ++i)
        CHECK_THROWS_AS(questions.whose("t", "203.0.113.7", base::deadline_in(std::chrono::seconds(1))),
                        base::Failure);

    fails = false;
    CHECK(questions.whose("t", "203.0.113.7", base::deadline_in(std::chrono::seconds(1))) == owner);
}
