// Certificates made for one test, and a TLS server on 127.0.0.1 that shows one (`openssl s_server -www`,
// which answers every request with a page about the connection).
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

namespace test {

// A directory that goes with the test.
class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(Scratch const&) = delete;
    Scratch& operator=(Scratch const&) = delete;

    std::filesystem::path const path;
};

struct FreeOpenssl {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};

// A certificate and its key.
class Identity {
  public:
    // An authority that nobody vouches for.
    static Identity authority(std::string const& name);
    // A server's: whose name is `host` ("IP:127.0.0.1", "DNS:localhost"), good from and until so many days
    // from now.
    Identity server(std::string const& host, int from_days = -1, int until_days = 1) const;
    // An authority that this one vouches for.
    Identity intermediate(std::string const& name) const;

    std::string pem() const; // the certificate
    std::string key_pem() const;

  private:
    Identity(std::string const& name, std::string const& extension, std::string const& value, int from_days,
             int until_days, Identity const* issuer);

    std::unique_ptr<EVP_PKEY, FreeOpenssl> key_;
    std::unique_ptr<X509, FreeOpenssl> certificate_;
};

std::string write_file(std::filesystem::path const& path, std::string const& text);

class TlsServer {
  public:
    // `chain`: certificates in PEM that are sent along.
    TlsServer(Scratch const& scratch, Identity const& identity, std::string const& chain = "");
    ~TlsServer();
    TlsServer(TlsServer const&) = delete;
    TlsServer& operator=(TlsServer const&) = delete;

    std::string url(std::string const& host = "127.0.0.1") const; // "https://127.0.0.1:40123/"

  private:
    pid_t pid_ = -1;
    int output_ = -1;
    std::string port_;
};

} // namespace test
