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
func derivedInode(parent: InodeNumber, name: FileName, attempt: UInt64) -> InodeNumber {
    var hash = mix(parent ^ 0x9E37_79B9_7F4A_7C15, attempt &+ 0xD1B5_4A32_D192_ED03)
    var word: UInt64 = 0
    for (index, byte) in name.enumerated() {
        word = word << 8 | UInt64(byte)
        if index % 8 == 7 {
            hash = mix(hash ^ word, 0xA076_1D64_78BD_642F)
            word = 0
        }
    }
    hash = mix(hash ^ word, 0xE703_7ED1_A0B4_28DB ^ UInt64(name.count))
    // 0 means "no node" to the kernel, 1 is the root.
    return hash <= rootInode ? hash &+ 2 : hash
}

/// Multiplies to 128 bits and folds: every bit of both factors reaches every bit of the result.
private func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
    let product = first.multipliedFullWidth(by: second)
    return product.high ^ product.low
}
