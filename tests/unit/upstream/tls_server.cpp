#include "tests/unit/upstream/tls_server.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace test {
namespace {

template <class Result>
Result must(Result result, char const* what)
{
    if (!result) throw std::runtime_error(what);
    return result;
}

void add_extension(X509* certificate, X509* issuer, std::string const& name, std::string const& value)
{
    auto context = X509V3_CTX();
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* const extension =
        must(X509V3_EXT_conf(nullptr, &context, name.c_str(), value.c_str()), name.c_str());
    must(X509_add_ext(certificate, extension, -1) == 1, "X509_add_ext");
    X509_EXTENSION_free(extension);
}

template <class Write>
std::string pem_of(Write const& write)
{
    auto const bio = std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new(BIO_s_mem()), &BIO_free);
    must(write(bio.get()) == 1, "PEM");
    char* text = nullptr;
    auto const size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::filesystem::path new_directory()
{
    auto name = (std::filesystem::temp_directory_path() / "farebox-tls-XXXXXX").string();
    must(mkdtemp(name.data()), "mkdtemp");
    return name;
}

} // namespace

Scratch::Scratch() : path(new_directory()) {}

Scratch::~Scratch()
{
    auto ignored = std::error_code();
    std::filesystem::remove_all(path, ignored);
}

Identity::Identity(std::string const& name, std::string const& extension, std::string const& value,
                   int from_days, int until_days, Identity const* issuer)
    : key_(must(EVP_EC_gen("P-256"), "EVP_EC_gen")), certificate_(must(X509_new(), "X509_new"))
{
    static auto serial = std::atomic<long>{0};
    constexpr long day_s = 86'400;
    auto* const mine = certificate_.get();
    auto* const theirs = issuer != nullptr ? issuer->certificate_.get() : mine;
    must(X509_set_version(mine, 2) == 1, "X509_set_version");
    must(ASN1_INTEGER_set(X509_get_serialNumber(mine), ++serial) == 1, "serial");
    X509_gmtime_adj(X509_getm_notBefore(mine), from_days * day_s);
    X509_gmtime_adj(X509_getm_notAfter(mine), until_days * day_s);
    must(X509_set_pubkey(mine, key_.get()) == 1, "X509_set_pubkey");
    auto const* const text = reinterpret_cast<unsigned char const*>(name.c_str());
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(mine), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1,
         "CN");
    must(X509_set_issuer_name(mine, X509_get_subject_name(theirs)) == 1, "X509_set_issuer_name");
    add_extension(mine, theirs, "basicConstraints",
                  extension == "subjectAltName" ? "critical,CA:FALSE" : "critical,CA:TRUE");
    add_extension(mine, theirs, extension, value);
    auto* const signer = issuer != nullptr ? issuer->key_.get() : key_.get();
    must(X509_sign(mine, signer, EVP_sha256()) > 0, "X509_sign");
}

Identity Identity::authority(std::string const& name)
{
    return {name, "keyUsage", "critical,keyCertSign", -10, 10, nullptr};
}

Identity Identity::intermediate(std::string const& name) const
{
    return {name, "keyUsage", "critical,keyCertSign", -10, 10, this};
}

Identity Identity::server(std::string const& host, int from_days, int until_days) const
{
    return {"server", "subjectAltName", host, from_days, until_days, this};
}

std::string Identity::pem() const
{
    return pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

std::string Identity::key_pem() const
{
    return pem_of([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::string write_file(std::filesystem::path const& path, std::string const& text)
{
    auto file = std::ofstream(path);
    must(static_cast<bool>(file << text << std::flush), "a file of a test");
    return path.string();
}

TlsServer::TlsServer(Scratch const& scratch, Identity const& identity, std::string const& chain)
{
    auto const certificate = write_file(scratch.path / "server.pem", identity.pem());
    auto const key = write_file(scratch.path / "server.key", identity.key_pem());
    auto arguments = std::vector<std::string>{
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key};
    if (!chain.empty()) {
        arguments.emplace_back("-cert_chain");
        arguments.push_back(write_file(scratch.path / "chain.pem", chain));
    }
    auto pointers = std::vector<char*>();
    for (auto& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    auto ends = std::array<int, 2>();
    must(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    auto actions = posix_spawn_file_actions_t();
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    auto const failed = posix_spawnp(&pid_, "openssl", &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    must(failed == 0, "openssl s_server does not start");

    // It says "ACCEPT 127.0.0.1:40123" once it listens.
    auto said = std::string();
    auto at = std::string::npos;
    while (at == std::string::npos || said.find('\n', at) == std::string::npos) {
        auto chunk = std::array<char, 256>();
        auto const count = read(output_, chunk.data(), chunk.size());
        if (count <= 0) break;
        said.append(chunk.data(), static_cast<std::size_t>(count));
        at = said.find("ACCEPT ");
    }
    must(at != std::string::npos, "openssl s_server does not listen");
    auto const line = said.substr(at, said.find('\n', at) - at);
    port_ = line.substr(line.rfind(':') + 1);
}

TlsServer::~TlsServer()
{
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    close(output_);
}

std::string TlsServer::url(std::string const& host) const
{
    return "https://" + host + ":" + port_ + "/";
}

} // namespace test
