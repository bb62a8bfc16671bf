// SPDX-License-Identifier: Apache-2.0
//
// The part of libcrypto that SSHCrypto uses: the EVP interface of OpenSSL 3, the big numbers and
// curve points it needs to feed EVP, and the signature structure of ECDSA.
#ifndef CLIBCRYPTO_H
#define CLIBCRYPTO_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>

// Swift imports no function-like macro and no macro that casts; these stand in for them.

static inline int clibcrypto_aead_get_tag(EVP_CIPHER_CTX *context, void *tag, int count) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, count, tag);
}

// libcrypto only reads the tag here, though its ctrl function takes it as mutable.
static inline int clibcrypto_aead_set_tag(EVP_CIPHER_CTX *context, const void *tag, int count) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, count, (void *)tag);
}

// What takes OSSL_PARAMs is done here, because they keep the addresses of names, strings and numbers,
// and Swift's strings lend theirs for one call only.

static inline int clibcrypto_mac_set_digest(EVP_MAC_CTX *context, const char *digest) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(context, parameters);
}

static inline EVP_PKEY *clibcrypto_make_key(const char *algorithm, int selection,
                                            OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, selection, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

// A key on a named curve; public where `scalar` is NULL. NULL where `point` is not on the curve.
static inline EVP_PKEY *clibcrypto_ec_key(const char *group, const unsigned char *point,
                                          size_t point_count, const BIGNUM *scalar) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_count) ==
            1 &&
        (scalar == NULL || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1)) {
        key = clibcrypto_make_key("EC", scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                                  builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

// The numbers of an RSA private key (RFC 8017 section 3.2, second form).
typedef struct {
    const BIGNUM *d, *p, *q, *dp, *dq, *qinv;
} clibcrypto_rsa_private_numbers;

// An RSA key; public where `numbers` is NULL.
static inline EVP_PKEY *clibcrypto_rsa_key(const BIGNUM *n, const BIGNUM *e,
                                           const clibcrypto_rsa_private_numbers *numbers) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (numbers == NULL ||
         (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, numbers->d) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, numbers->p) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, numbers->q) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers->dp) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers->dq) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers->qinv) == 1))) {
        key = clibcrypto_make_key("RSA", numbers == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                                  builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

typedef struct {
    const unsigned char *bytes;
    int count;
} clibcrypto_passphrase;

static inline int clibcrypto_give_passphrase(char *buffer, int size, int is_writing,
                                             void *context) {
    const clibcrypto_passphrase *passphrase = (const clibcrypto_passphrase *)context;
    (void)is_writing;
    if (passphrase->bytes == NULL || passphrase->count > size) return -1;
    memcpy(buffer, passphrase->bytes, (size_t)passphrase->count);
    return passphrase->count;
}

// The private key in a PEM file. Without a callback of ours libcrypto would ask on the terminal.
static inline EVP_PKEY *clibcrypto_read_pem(const void *file, int file_count,
                                            const unsigned char *passphrase, int count) {
    clibcrypto_passphrase context = {passphrase, count};
    BIO *bio = BIO_new_mem_buf(file, file_count);
    if (bio == NULL) return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, clibcrypto_give_passphrase, &context);
    BIO_free(bio);
    return key;
}

// Whether an error says that libcrypto has no such cipher or hash function.
static inline int clibcrypto_is_unsupported(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_EVP &&
           (ERR_GET_REASON(error) == ERR_R_UNSUPPORTED ||
            ERR_GET_REASON(error) == EVP_R_UNSUPPORTED_ALGORITHM);
}

#endif
