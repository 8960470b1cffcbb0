// Secrets, over OpenSSL.
#include "shared/base/secret.hpp"

#include "shared/base/failure.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace base {
namespace {

// Fetched once: looking the algorithm up costs more than hashing a key.
EVP_MD const* sha256_algorithm()
{
    static auto const* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
}

} // namespace

Sha256 sha256(std::string_view bytes)
{
    auto hash = Sha256{};
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, sha256_algorithm(), nullptr) != 1)
        throw Failure(Error::internal, "sha256 failed");
    return hash;
}

Secret::~Secret()
{
    // A string that was moved from, or shortened, keeps old characters behind its end, so the whole buffer
    // is wiped. Growing to the capacity allocates nothing.
    value_.resize(value_.capacity());
    OPENSSL_cleanse(value_.data(), value_.size());
}

bool Secret::equals(std::string_view other) const
{
    if (value_.empty()) return false;
    auto const ours = sha256(value_);
    auto const theirs = sha256(other);
    return CRYPTO_memcmp(ours.data(), theirs.data(), ours.size()) == 0;
}

} // namespace base
