// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Wire

/// Bytes on their way to a descriptor, in order, as the pieces they were given in.
struct SendQueue {
    /// The most pieces of one `writev`, far below `IOV_MAX` (1024), and enough to make it large.
    private static let piecesPerCall = 64

    private var pieces: [Bytes] = []
    private var head = 0
    /// How many bytes wait.
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ added: [Bytes]) {
        for piece in added where !piece.isEmpty {
            pieces.append(piece)
            byteCount += piece.count
        }
    }

    mutating func removeAll() { self = SendQueue() }

    /// Writes once, as much as one call and the kernel take.
    ///
    /// - Returns: 0, or the `errno` of the call.
    mutating func writeOnce(to descriptor: CInt) -> CInt {
        var vectors: [iovec] = unsafe []
        unsafe vectors.reserveCapacity(min(pieces.count - head, Self.piecesPerCall))
        let count = unsafe gather(from: head, into: &vectors, descriptor)
        guard count >= 0 else { return errno }
        drop(count)
        return 0
    }

    /// Collects the addresses of the pieces, each valid only while its closure runs: hence the
    /// recursion, and the call at its bottom.
    private func gather(from index: Int, into vectors: inout [iovec], _ descriptor: CInt) -> Int {
        guard index < pieces.count, unsafe vectors.count < Self.piecesPerCall else {
            return unsafe writev(descriptor, vectors, CInt(vectors.count))
        }
        return unsafe pieces[index].withUnsafeBytes { bytes in
            let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            unsafe vectors.append(iovec(iov_base: start, iov_len: bytes.count))
            return unsafe gather(from: index + 1, into: &vectors, descriptor)
        }
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        var left = count
        while left > 0 {
            let first = pieces[head].count
            guard left >= first else {
                pieces[head].removeFirst(left)
                return
            }
            left -= first
            // Lets go of the piece's buffer now, not when the queue has drained.
            pieces[head] = []
            head += 1
        }
        if head == pieces.count {
            pieces.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024 {
            pieces.removeFirst(head)
            head = 0
        }
    }
}
