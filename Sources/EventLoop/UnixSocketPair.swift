// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Two connected Unix sockets.
@frozen public struct UnixSocketPair: ~Copyable {
    /// The end that stays here.
    public let ours: FileDescriptor
    /// The end for somebody else.
    public let theirs: FileDescriptor

    /// Makes a pair; programs that are started do not inherit it.
    public init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe clinux_socket_pair(&ends) == 0 else { throw .last("socketpair") }
        ours = FileDescriptor(owning: ends[0])
        theirs = FileDescriptor(owning: ends[1])
    }
}

extension FileDescriptor {
    /// The user whose process holds the other end of a connected Unix socket; nil where that is unknown.
    public var peerUser: UInt32? { UInt32(exactly: clinux_peer_user(rawValue)) }
}
