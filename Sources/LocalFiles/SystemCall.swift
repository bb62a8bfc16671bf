// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Wire

extension Errno {
    /// The error of the system call that has just failed.
    static var last: Errno { Errno(rawValue: errno) }
}

/// Checks what a system call returned.
func check(_ result: Int32) throws(Errno) {
    if result < 0 { throw .last }
}

/// Calls `body` with a path as C wants it; what `body` returns is checked.
///
/// A path with a NUL byte would be another path in C, so it is refused.
func withPath(_ path: Bytes, _ body: (UnsafePointer<CChar>) -> Int32) throws(Errno) {
    try unsafe withPathPointer(path) { path throws(Errno) in try unsafe check(body(path)) }
}

/// Calls `body` with two paths as C wants them; what `body` returns is checked.
func withPaths(
    _ first: Bytes, _ second: Bytes,
    _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
) throws(Errno) {
    try unsafe withPathPointer(first) { first throws(Errno) in
        try unsafe withPathPointer(second) { second throws(Errno) in
            try unsafe check(body(first, second))
        }
    }
}

/// Calls `body` with a path as C wants it.
func withPathPointer<Result>(
    _ path: Bytes, _ body: (UnsafePointer<CChar>) throws(Errno) -> Result
) throws(Errno) -> Result {
    guard !path.contains(0) else { throw .EINVAL }
    var terminated: [CChar] = []
    terminated.reserveCapacity(path.count + 1)
    for byte in path { terminated.append(CChar(bitPattern: byte)) }
    terminated.append(0)
    return try unsafe terminated.withUnsafeBufferPointer { buffer throws(Errno) in
        guard let start = buffer.baseAddress else { throw .EINVAL }
        return try unsafe body(start)
    }
}

/// The bytes of a C string.
func bytes(of text: UnsafePointer<CChar>) -> Bytes {
    let count = unsafe strlen(text)
    let buffer = unsafe UnsafeBufferPointer(start: text, count: count)
    return unsafe buffer.map { UInt8(bitPattern: $0) }[...]
}

/// An offset or size from a peer as the system takes it.
func systemOffset(_ offset: UInt64) throws(Errno) -> off_t {
    guard let offset = off_t(exactly: offset) else { throw .EINVAL }
    return offset
}
