// libcurl, held to the rules of http.hpp. An easy handle serves one request and dies with its connection.
#include "shared/upstream/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace upstream {
namespace {

struct CleanUp {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CleanUp>;
using Url = std::unique_ptr<CURLU, CleanUp>;
using List = std::unique_ptr<curl_slist, CleanUp>;

// libcurl wants this once, before anything else; the first caller does it while the others wait.
bool started()
{
    static auto const result = curl_global_init(CURL_GLOBAL_DEFAULT);
    return result == CURLE_OK;
}

std::string part(CURLU* url, CURLUPart which)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
    auto copy = std::string(text);
    curl_free(text);
    return copy;
}

// 127.0.0.0/8 in full form; a name that only begins like it ("127.0.0.1.example") is none.
bool is_loopback(std::string const& host)
{
    if (host == "localhost" || host == "[::1]") return true;
    auto const* at = host.data();
    auto const* const end = host.data() + host.size();
    for (auto octet = 0; octet < 4; ++octet) {
        auto value = 0;
        auto const [stop, error] = std::from_chars(at, end, value);
        if (error != std::errc{} || stop == at || stop - at > 3 || value > 255 || *at == '-') return false;
        if (octet == 0 && value != 127) return false;
        if (octet == 3) return stop == end;
        if (stop == end || *stop != '.') return false;
        at = stop + 1;
    }
    return false;
}

bool fits_a_header(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

List header_list(HttpRequest const& request)
{
    // libcurl would wait a second for leave to send a long body.
    auto list = List(curl_slist_append(nullptr, "Expect:"));
    auto const add = [&](std::string const& line) {
        auto* const longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(list.release());
        list.reset(longer);
    };
    if (list == nullptr) throw std::bad_alloc();
    for (auto const& [name, value] : request.headers) {
        if (!fits_a_header(name) || !fits_a_header(value))
            throw HttpFailed(HttpFault::refused, false, "a header holds a control character");
        auto line = name;
        line.append(": ").append(value);
        add(line);
    }
    return list;
}

struct Answer {
    HttpResponse response;
    std::size_t bytes_max = 0;
    bool too_large = false;
};

std::size_t take_body(char const* data, std::size_t, std::size_t size, void* to)
{
    auto& answer = *static_cast<Answer*>(to);
    answer.too_large = size > answer.bytes_max - answer.response.body.size();
    if (answer.too_large) return 0; // less than it was given: libcurl ends the transfer
    answer.response.body.append(data, size);
    return size;
}

template <class Value>
void set(Handle const& handle, CURLoption option, Value value)
{
    if (curl_easy_setopt(handle.get(), option, value) != CURLE_OK)
        throw HttpFailed(HttpFault::refused, false, "libcurl does not take option " + std::to_string(option));
}

void set_transport(Handle const& handle, HttpOptions const& options, base::Deadline deadline, bool plain)
{
    auto const total_ms = std::min(options.total_timeout_ms, base::left_ms(deadline));
    if (total_ms <= 0) throw HttpFailed(HttpFault::timeout, false, "no time left");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_TIMEOUT_MS, long{total_ms});
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, long{std::min(options.connect_timeout_ms, total_ms)});
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    set(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    set(handle, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    set(handle, CURLOPT_FRESH_CONNECT, 1L);
    set(handle, CURLOPT_FORBID_REUSE, 1L);
    // What is meant for this machine does not travel to a proxy first.
    if (plain) set(handle, CURLOPT_PROXY, "");
}

// Nothing of a request leaves without a store of certificates to hold the server against.
void set_ca_store(Handle const& handle, HttpOptions const& options)
{
    try {
        auto const& store = options.ca_store != nullptr ? *options.ca_store : CaStore::of_process();
        store.install(handle.get());
    } catch (NoCaStore const& missing) {
        throw HttpFailed(HttpFault::unreachable, false, missing.log);
    }
}

void set_request(Handle const& handle, HttpRequest const& request, curl_slist* headers)
{
    set(handle, CURLOPT_URL, request.url.c_str());
    set(handle, CURLOPT_HTTPHEADER, headers);
    auto const has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                          request.method == "PATCH";
    if (has_body) {
        set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    if (request.method != "GET" || has_body) set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

HttpFault fault_of(CURLcode code, bool connected)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return connected ? HttpFault::timeout : HttpFault::unreachable;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
        return HttpFault::unreachable;
    default:
        return HttpFault::broken;
    }
}

[[noreturn]] void throw_failed(Handle const& handle, CURLcode code, bool too_large)
{
    auto sent_bytes = 0L;
    curl_easy_getinfo(handle.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
    auto const sent = sent_bytes > 0;
    if (too_large || code == CURLE_FILESIZE_EXCEEDED)
        throw HttpFailed(HttpFault::too_large, sent, "the answer is too large");
    throw HttpFailed(fault_of(code, sent), sent, curl_easy_strerror(code));
}

void read_head(Handle const& handle, HttpResponse& response)
{
    auto status = 0L;
    char const* type = nullptr;
    curl_header* retry_after = nullptr;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle.get(), CURLINFO_CONTENT_TYPE, &type);
    response.status = static_cast<int>(status);
    if (type != nullptr) response.content_type = type;
    if (curl_easy_header(handle.get(), "Retry-After", 0, CURLH_HEADER, -1, &retry_after) != CURLHE_OK) return;
    auto const text = std::string_view(retry_after->value);
    auto seconds = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && stop == text.data() + text.size() && seconds >= 0)
        response.retry_after_s = seconds;
}

enum class Way { none, plain, tls };

// How a request may travel to this URL.
Way way_to(std::string const& text)
{
    auto const url = Url(curl_url());
    if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        return Way::none;
    if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty())
        return Way::none;
    auto const scheme = part(url.get(), CURLUPART_SCHEME);
    if (scheme == "https") return Way::tls;
    return scheme == "http" && is_loopback(part(url.get(), CURLUPART_HOST)) ? Way::plain : Way::none;
}

} // namespace

bool may_send_to(std::string const& url)
{
    return way_to(url) != Way::none;
}

Http::Http(HttpOptions options) : options_(std::move(options)) {}

HttpResponse Http::send(HttpRequest const& request, base::Deadline deadline) const
{
    auto const way = way_to(request.url);
    if (way == Way::none)
        throw HttpFailed(HttpFault::refused, false, "the URL is neither https nor http to this machine");
    auto const handle = Handle(started() ? curl_easy_init() : nullptr);
    if (handle == nullptr) throw HttpFailed(HttpFault::unreachable, false, "libcurl does not start");

    auto const headers = header_list(request);
    auto answer = Answer{.response = {}, .bytes_max = request.answer_bytes_max};
    set_transport(handle, options_, deadline, way == Way::plain);
    if (way == Way::tls) set_ca_store(handle, options_);
    set(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
    set_request(handle, request, headers.get());
    set(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.answer_bytes_max));
    set(handle, CURLOPT_WRITEFUNCTION, &take_body);
    set(handle, CURLOPT_WRITEDATA, &answer);

    auto const outcome = curl_easy_perform(handle.get());
    if (outcome != CURLE_OK) throw_failed(handle, outcome, answer.too_large);
    read_head(handle, answer.response);
    return std::move(answer.response);
}

} // namespace upstream
