// SPDX-License-Identifier: Apache-2.0

/// The number by which the kernel and we know a node.
///
/// SFTP has none, so they are ours.
public typealias InodeNumber = UInt64

/// A name in a directory: bytes without slash and NUL, not `.` and not `..`.
typealias FileName = [UInt8]

/// The root of the mount; libfuse's `FUSE_ROOT_ID`.
public let rootInode: InodeNumber = 1

/// The number that a name gets while nothing else has it: the same in every mount and every run.
///
/// - Parameter attempt: counts up where the numbers before belong to other nodes. It enters the
///   hash from the start, so names chosen to collide once do not collide again.
func derivedInode(parent: InodeNumber, name: Span<UInt8>, attempt: UInt64) -> InodeNumber {
    let seed = mix(parent ^ 0x9E37_79B9_7F4A_7C15, attempt &+ 0xD1B5_4A32_D192_ED03)
    let hash = hash(of: name, seed: seed)
    // 0 means "no node" to the kernel, 1 is the root.
    return hash <= rootInode ? hash &+ 2 : hash
}

func hash(of name: Span<UInt8>, seed: UInt64) -> UInt64 {
    var hash = seed
    var word: UInt64 = 0
    for index in name.indices {
        word = word << 8 | UInt64(name[index])
        if index % 8 == 7 {
            hash = mix(hash ^ word, 0xA076_1D64_78BD_642F)
            word = 0
        }
    }
    return mix(hash ^ word, 0xE703_7ED1_A0B4_28DB ^ UInt64(name.count))
}

/// Multiplies to 128 bits and folds: every bit of both factors reaches every bit of the result.
func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = first.multipliedFullWidth(by: second)
    return product.high ^ product.low
}

/// Whether two names are the same bytes.
func isEqual(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    for index in first.indices where first[index] != second[index] { return false }
    return true
}

extension FileName {
    /// A copy of the bytes.
    init(_ bytes: Span<UInt8>) {
        self.init()
        reserveCapacity(bytes.count)
        for index in bytes.indices { append(bytes[index]) }
    }
}
