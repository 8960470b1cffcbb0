// A Supabase project that a test plays: its keys, its clock, its mood.
#pragma once

#include "shared/auth/tokens.hpp"
#include "shared/base/failure.hpp"
#include "tests/unit/auth/mint.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

struct Project {
    std::string document = R"({"keys":[]})";
    bool down = false;
    std::atomic<int> fetched = 0;
    std::atomic<std::int64_t> now_s = 1'790'000'000;

    auth::Jwks::Fetch fetch()
    {
        return [this](base::Deadline) {
            ++fetched;
            if (down) throw base::Failure(base::Error::auth_unavailable, "the project is down");
            return document;
        };
    }

    auth::Clock clock()
    {
        return [this] { return now_s.load(); };
    }
};

inline base::Deadline soon()
{
    return base::deadline_in(std::chrono::milliseconds(2000));
}

class Directory {
  public:
    Directory()
    {
        auto name = (std::filesystem::temp_directory_path() / "farebox-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(Directory const&) = delete;
    Directory& operator=(Directory const&) = delete;

    std::string operator/(std::string const& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};
