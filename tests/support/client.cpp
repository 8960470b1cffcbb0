#include "tests/support/client.hpp"

#include "tests/support/target.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <stdexcept>

namespace support {
namespace {

constexpr long timeout_ms = 30'000;

struct Easy {
    Easy()
    {
        static auto const ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        handle = ready == CURLE_OK ? curl_easy_init() : nullptr;
        if (handle == nullptr) throw std::runtime_error("libcurl does not start");
    }
    ~Easy() { curl_easy_cleanup(handle); }
    Easy(Easy const&) = delete;
    Easy& operator=(Easy const&) = delete;
    CURL* handle;
};

CURL* handle()
{
    thread_local Easy easy;
    curl_easy_reset(easy.handle); // keeps the connection
    return easy.handle;
}

std::string lower(std::string_view text)
{
    auto result = std::string(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

std::size_t take_body(char const* data, std::size_t, std::size_t size, void* reply)
{
    static_cast<Reply*>(reply)->body.append(data, size);
    return size;
}

std::size_t take_header(char const* data, std::size_t, std::size_t size, void* reply)
{
    auto const line = std::string_view(data, size);
    auto const colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        static_cast<Reply*>(reply)->headers.clear(); // an interim response came before
    } else if (colon != std::string_view::npos) {
        auto const from = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
        auto const to = line.find_last_not_of("\r\n \t");
        auto const value = to >= from ? line.substr(from, to - from + 1) : std::string_view();
        static_cast<Reply*>(reply)->headers.emplace_back(lower(line.substr(0, colon)), value);
    }
    return size;
}

using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

List header_list(Headers const& headers)
{
    auto lines = std::vector<std::string>{"Expect:"};
    auto typed = false;
    for (auto const& [name, value] : headers) {
        typed = typed || lower(name) == "content-type";
        lines.push_back(value.empty() ? name + ";" : name + ": " + value);
    }
    if (!typed) lines.emplace_back("Content-Type: application/json");
    curl_slist* list = nullptr;
    for (auto const& line : lines)
        list = curl_slist_append(list, line.c_str());
    return {list, &curl_slist_free_all};
}

} // namespace

std::string Reply::header(std::string_view name) const
{
    auto all = std::string();
    for (auto const& [known, value] : headers) {
        if (known == name) all += (all.empty() ? "" : ", ") + value;
    }
    return all;
}

Headers as_service()
{
    return as(target().service_key);
}

Headers as(std::string_view key)
{
    return {{"Authorization", "Bearer " + std::string(key)}};
}

Headers anonymously()
{
    return {};
}

Headers idempotency_key(std::string_view value)
{
    return {{"Idempotency-Key", std::string(value)}};
}

Headers operator+(Headers left, Headers const& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Reply send(std::string_view method, std::string_view path, std::string_view body, Headers const& headers)
{
    auto reply = Reply{};
    auto* const curl = handle();
    auto const url = target().url + std::string(path);
    auto const verb = std::string(method);
    auto const list = header_list(headers);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
    if (method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (method != "GET" || !body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb.c_str());
    }

    auto const outcome = curl_easy_perform(curl);

    auto elapsed_us = curl_off_t{0};
    auto status = 0L;
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply.elapsed_ms = static_cast<int>(elapsed_us / 1000);
    reply.status = static_cast<int>(status);
    if (outcome != CURLE_OK) {
        reply = {
            .status = 0, .headers = {}, .body = curl_easy_strerror(outcome), .elapsed_ms = reply.elapsed_ms};
    }
    return reply;
}

Reply post(std::string_view path, std::string_view body, Headers const& headers)
{
    return send("POST", path, body, headers);
}

Reply get(std::string_view path, Headers const& headers)
{
    return send("GET", path, "", headers);
}

} // namespace support
