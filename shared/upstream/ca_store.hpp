// The certificates of the authorities that TLS servers are held against, parsed once instead of once a
// request: a system's bundle is some 140 certificates, which is most of what a short request costs.
//
// This needs a libcurl that stands on OpenSSL, of the major version that this program is built with. Any
// other TLS library is refused before anything is sent.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace upstream {

// There is no store, so no TLS connection may be made.
class NoCaStore : public std::exception {
  public:
    explicit NoCaStore(std::string text) : log(std::move(text)) {}
    char const* what() const noexcept override { return log.c_str(); }

    std::string log; // for the operator; names no file
};

// Safe to use from many threads at once: OpenSSL locks and counts what is shared.
class CaStore {
  public:
    // A file of certificates in PEM and a directory with names by hash; "" for either means none. Throws
    // NoCaStore.
    CaStore(std::string const& file, std::string const& directory);

    // The one of this process: the file and the directory that libcurl itself would read, on Debian those of
    // ca-certificates. As with libcurl, SSL_CERT_FILE and SSL_CERT_DIR of the environment say nothing. Read
    // at the first use and kept until the process leaves; where that fails the next use tries again.
    static CaStore const& of_process();

    // From here on the handle believes these certificates and no others. The handle's connections count a
    // reference of their own. Throws NoCaStore.
    void install(CURL* handle) const;

  private:
    struct Free {
        void operator()(X509_STORE* store) const;
    };
    std::unique_ptr<X509_STORE, Free> store_;
};

// Whether libcurl's name of its TLS library ("OpenSSL/3.0.19", "GnuTLS/3.7.9") is the OpenSSL of this
// program. A context of another would be taken for what it is not.
bool is_our_openssl(std::string_view tls_library);

} // namespace upstream
