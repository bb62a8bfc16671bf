// SPDX-License-Identifier: Apache-2.0
//
// zlib's streams. Its init functions are macros that pass on the header's version and the size of
// `z_stream`; Swift cannot call those.
#ifndef CZLIB_H
#define CZLIB_H

#include <zlib.h>

static inline int czlib_deflate_init(z_stream *stream, int level) {
    return deflateInit(stream, level);
}

static inline int czlib_inflate_init(z_stream *stream) {
    return inflateInit(stream);
}

#endif
