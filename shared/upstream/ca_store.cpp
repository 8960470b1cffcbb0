// OpenSSL's store in libcurl's hands.
#include "shared/upstream/ca_store.hpp"

#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cstddef>

namespace upstream {
namespace {

// What failed stays in a queue of the thread, where libpq would take it for a fault of its own connection.
struct CleanErrors {
    CleanErrors() = default;
    CleanErrors(CleanErrors const&) = delete;
    CleanErrors& operator=(CleanErrors const&) = delete;
    ~CleanErrors() { ERR_clear_error(); }
};

// Called by libcurl for each context, before the handshake; for that of an https proxy too. set1 counts the reference that
// the context then holds; SSL_CTX_set_cert_store would take ours, and the second connection would use what the first has
// freed.
CURLcode replace_store(CURL* /*handle*/, void* context, void* store)
{
    SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
    return CURLE_OK;
}

std::string text_or_none(char const* text)
{
    return text == nullptr ? std::string() : std::string(text);
}

struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

CaStore load_default()
{
    auto const handle = std::unique_ptr<CURL, FreeHandle>(curl_easy_init());
    char const* file = nullptr;
    char const* directory = nullptr;
    if (handle == nullptr || curl_easy_getinfo(handle.get(), CURLINFO_CAINFO, &file) != CURLE_OK ||
        curl_easy_getinfo(handle.get(), CURLINFO_CAPATH, &directory) != CURLE_OK)
        throw NoCaStore("libcurl does not say where its CA certificates are");
    return {text_or_none(file), text_or_none(directory)};
}

} // namespace

CaStore::CaStore(std::string const& file, std::string const& directory) : store_(X509_STORE_new())
{
    auto const clean = CleanErrors();
    if (store_ == nullptr) throw std::bad_alloc();
    if (file.empty() && directory.empty()) throw NoCaStore("there are no CA certificates");
    if (!file.empty() && X509_STORE_load_file(store_.get(), file.c_str()) != 1)
        throw NoCaStore("the file of CA certificates cannot be read");
    if (!directory.empty() && X509_STORE_load_path(store_.get(), directory.c_str()) != 1)
        throw NoCaStore("the directory of CA certificates cannot be read");
    // As libcurl sets them on a store of its own (lib/vtls/openssl.c): what is trusted is looked for before
    // what the server sent along, and an intermediate that is in the store needs no root. Before 8.3 libcurl
    // sets them again for each connection; since they are set here, before the store is shared, that changes
    // nothing.
    if (X509_STORE_set_flags(store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) != 1)
        throw NoCaStore("OpenSSL does not take its own flags");
}

CaStore const& CaStore::of_process()
{
    // A constructor that throws leaves this undone, for the next caller.
    static auto const store = load_default();
    return store;
}

void CaStore::install(CURL* handle) const
{
    auto const* const version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    if (version == nullptr || !is_our_openssl(version))
        throw NoCaStore("TLS needs a libcurl over OpenSSL " OPENSSL_VERSION_STR ", not " +
                        text_or_none(version));
    // Files that libcurl knew of it would read for each request, and before 8.3 it would add them to our
    // store, since it filled the context's after the callback (curl #11805). Without any, a store that is not
    // ours is empty and believes nobody. Without libcurl's cache none is put in the place of ours.
    auto set = curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_PROXY_CAINFO, nullptr);
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_PROXY_CAPATH, nullptr);
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, store_.get());
    if (set == CURLE_OK) set = curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, &replace_store);
    if (set != CURLE_OK) throw NoCaStore("libcurl does not take a CA store");
}

void CaStore::Free::operator()(X509_STORE* store) const
{
    X509_STORE_free(store);
}

bool is_our_openssl(std::string_view tls_library)
{
    auto const wanted = "OpenSSL/" + std::to_string(OPENSSL_VERSION_MAJOR) + ".";
    return tls_library.substr(0, wanted.size()) == wanted;
}

} // namespace upstream
