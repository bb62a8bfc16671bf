// SPDX-License-Identifier: Apache-2.0

/// Finds numbered things by their hashes: for each a cell of eight bytes in a table with open
/// addressing, at most three quarters full.
///
/// What it is told of twice is found twice; what a number stands for is its user's business.
struct SlotIndex {
    /// The number plus one, and above it half of the hash; 0 where a cell is free.
    private var cells: [UInt64] = []
    private var count = 0

    private var mask: Int { cells.count - 1 }

    /// The first number with this hash that fits.
    func first(hash: UInt64, where fits: (Int) -> Bool) -> Int? {
        cell(hash: hash, where: fits).map { Self.number(cells[$0]) }
    }

    mutating func insert(_ number: Int, hash: UInt64) {
        if 4 * (count + 1) > 3 * cells.count { grow() }
        put(UInt64(UInt32(number) + 1) | hash & ~0xFFFF_FFFF)
        count += 1
    }

    /// Takes a number out; nothing happens if it is not there.
    mutating func remove(_ number: Int, hash: UInt64) {
        guard var hole = cell(hash: hash, where: { $0 == number }) else { return }
        count -= 1
        // Those behind it that could not have their own place move up, so that searches find them.
        var next = (hole + 1) & mask
        while cells[next] != 0 {
            let distance = (next - home(of: cells[next])) & mask
            if distance >= (next - hole) & mask {
                cells[hole] = cells[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        cells[hole] = 0
    }

    private static func number(_ cell: UInt64) -> Int { Int(cell & 0xFFFF_FFFF) - 1 }

    private func home(of cell: UInt64) -> Int { Int(cell >> 32) & mask }

    private func cell(hash: UInt64, where fits: (Int) -> Bool) -> Int? {
        guard count > 0 else { return nil }
        var position = Int(hash >> 32) & mask
        while cells[position] != 0 {
            let cell = cells[position]
            if cell >> 32 == hash >> 32, fits(Self.number(cell)) { return position }
            position = (position + 1) & mask
        }
        return nil
    }

    private mutating func put(_ cell: UInt64) {
        var position = home(of: cell)
        while cells[position] != 0 { position = (position + 1) & mask }
        cells[position] = cell
    }

    private mutating func grow() {
        let old = cells
        cells = [UInt64](repeating: 0, count: max(8, 2 * old.count))
        for cell in old where cell != 0 { put(cell) }
    }
}

/// The hash of a name in a directory, for tables of this process only.
///
/// Its seed is the process's own, so that a server can't choose names that fall together.
func tableHash(of name: Span<UInt8>, in parent: InodeNumber = 0) -> UInt64 {
    hash(of: name, seed: parent ^ processSeed)
}

/// The hash of a node's number, for tables of this process only.
func tableHash(of inode: InodeNumber) -> UInt64 {
    mix(inode ^ processSeed, 0x9E37_79B9_7F4A_7C15)
}

private let processSeed = UInt64(truncatingIfNeeded: Hasher().finalize())
