// SPDX-License-Identifier: Apache-2.0
// crypt(5) hashes of passwords.
#pragma once

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

// Whether a hash is of a method that is still good for new passwords.
static inline int ccrypt_is_good(const char *hash) {
    return crypt_checksalt(hash) == CRYPT_SALT_OK;
}

// Whether a hash was made of a password. It takes as long as the hash's method wants it to.
static inline int ccrypt_matches(const char *password, const char *hash) {
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data) return 0;
    const char *made = crypt_r(password, hash, data);
    size_t count = strlen(hash);
    unsigned char difference = !made || made[0] == '*' || strlen(made) != count;
    for (size_t index = 0; !difference && index < count; index++) difference |= made[index] ^ hash[index];
    explicit_bzero(data, sizeof *data);
    free(data);
    return !difference;
}
