// SPDX-License-Identifier: Apache-2.0
// What the processor can do.
#pragma once

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

// Whether AES, and the multiplication that GCM needs, run in hardware.
static inline int clinux_has_aes_instructions(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
    // HWCAP_AES and HWCAP_PMULL of the kernel's arm64 ABI.
    return (getauxval(AT_HWCAP) & (1 << 3)) && (getauxval(AT_HWCAP) & (1 << 4));
#else
    return 0;
#endif
}
