// A database that answers but cannot write: refused with a clear sentence, nothing lost, and served again by
// itself as soon as it can.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mixed_load.hpp"
#include "tests/support/process.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/wallet.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

using namespace support;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

constexpr int clients = 6;

Reply a_spend(Wallet const& wallet)
{
    return post(wallet.path("spend"), an_order());
}

// A file system of its own for the tables of a stack, too small for many of them. It is seen by this process
// and those that it starts from now on, and goes with the last of them.
class SmallDisk {
  public:
    // Why there can be none here; "" when there can.
    static std::string refusal()
    {
        if (::unshare(CLONE_NEWNS) != 0) return std::string("mounting needs root: ") + std::strerror(errno);
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return std::strerror(errno);
        return "";
    }

    explicit SmallDisk(Stack& stack) : path_(stack.data_directory() + "/base")
    {
        stack.postgres_stop();
        // As it was, on another disk, with 4 MB to spare.
        auto const moved = run({"bash", "-c",
                                R"sh(set -euo pipefail
                                     spare=$((4 << 20))
                                     cp -a "$0" "$0.moved"
                                     mount -t tmpfs -o "size=$(($(du -sb "$0" | cut -f 1) * 11 / 10 + spare))" farebox "$0"
                                     chown --reference "$0.moved" "$0" && chmod --reference "$0.moved" "$0"
                                     cp -a "$0.moved/." "$0" && rm -rf "$0.moved")sh",
                                path_});
        if (moved.exit_code != 0) throw std::runtime_error(moved.output);
        stack.postgres_start();
    }
    ~SmallDisk() { ::umount2(path_.c_str(), MNT_DETACH); }
    SmallDisk(SmallDisk const&) = delete;
    SmallDisk& operator=(SmallDisk const&) = delete;

    // Takes all that is left.
    void fill() const
    {
        auto const fd = ::open((path_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        auto const block = std::string(4096, 'x');
        while (::write(fd, block.data(), block.size()) > 0) {
        }
        ::close(fd);
    }
    void clear() const { fs::remove(path_ + "/filler"); }

  private:
    std::string path_;
};

} // namespace

TEST_CASE(
    "a database that became read-only: moves are refused as maintenance, reads go on, and it ends by itself",
    "[fault]")
{
    auto stack = Stack(2);
    auto const wallets = wallets_holding(1'000'000, 4);
    auto const quiet = a_user().holding(100);
    auto const held = place_hold({.wallet = quiet, .amount = 10, .ttl_seconds = 600, .key = a_key()});
    REQUIRE(held.through());
    auto load = MixedLoad(wallets, clients);
    REQUIRE(load.serves(20s));

    stack.set("default_transaction_read_only", "on");
    CHECK(eventually(5s, [&] { return a_spend(quiet).status != 200; }));
    check_refusal(a_spend(quiet), 503, "maintenance");
    check_refusal(post(quiet.path("holds"), body({{"amount", 1}, {"ttl_seconds", 60}, {"description", "x"}})),
                  503, "maintenance");
    check_refusal(post("/api/v1/holds/" + held.hold + "/capture", body({{"amount", 1}})), 503, "maintenance");
    check_refusal(post("/api/v1/holds/" + held.hold + "/release", "{}"), 503, "maintenance");
    auto const balance = get(quiet.path("balance"));
    CHECK(balance.status == 200);
    auto const spends_before = quiet.spends().size();

    stack.set("default_transaction_read_only", std::nullopt);
    CHECK(load.serves(5s));
    CHECK(capture(quiet, held.hold, 10).through());
    CHECK(quiet.spends().size() == spends_before + 1);
    CHECK(judge_settled(load.stop(), wallets) == std::vector<std::string>{});
}

TEST_CASE("a full disk: moves are refused with a 503, nothing is lost, and it ends by itself", "[fault]")
{
    if (auto const why = SmallDisk::refusal(); !why.empty()) {
        std::cout << "skipped: " << why << std::endl;
        return;
    }
    auto stack = Stack(2);
    auto const disk = SmallDisk(stack);
    auto const wallets = wallets_holding(1'000'000, 4);
    auto const quiet = a_user().holding(1'000'000);
    auto load = MixedLoad(wallets, clients);
    REQUIRE(load.serves(20s));

    disk.fill();
    // What is left in the pages that are there is soon used up.
    auto refused = std::optional<Reply>();
    CHECK(eventually(30s, [&] {
        auto reply = a_spend(quiet);
        if (reply.status != 200) refused = std::move(reply);
        return refused.has_value();
    }));
    REQUIRE(refused);
    check_refusal(*refused, 503, "maintenance");

    disk.clear();
    CHECK(load.serves(5s));
    CHECK(a_spend(quiet).status == 200);
    CHECK(judge_settled(load.stop(), wallets) == std::vector<std::string>{});
}
