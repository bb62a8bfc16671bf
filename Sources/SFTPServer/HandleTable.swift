// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The files and directories that a client has open, by handle.
///
/// A handle is the number of a slot and the number of times that slot has been used, so that a handle
/// which has been closed never names what was opened later.
struct HandleTable {
    private struct Slot {
        var use: UInt32 = 0
        var content: OpenHandle?
    }

    private static let handleBytes = 8

    private let limit: UInt64
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []

    /// - Parameter limit: how many handles may be open at a time.
    init(limit: UInt64) {
        self.limit = min(limit, UInt64(UInt32.max))
    }

    /// How many handles are open.
    var count: Int { slots.count - freeSlots.count }

    /// Whether one more may be opened.
    var hasRoom: Bool { !freeSlots.isEmpty || UInt64(slots.count) < limit }

    /// Gives something that has been opened a handle.
    ///
    /// - Precondition: ``hasRoom``.
    mutating func insert(_ content: OpenHandle) -> Bytes {
        precondition(hasRoom, "too many handles")
        let index: Int
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = slots.count
            slots.append(Slot())
        }
        slots[index].content = content
        var writer = WireWriter(capacity: Self.handleBytes)
        writer.write(UInt32(index))
        writer.write(slots[index].use)
        return writer.bytes[...]
    }

    /// What a handle from a client stands for; `nil` if it's none of ours or closed.
    subscript(handle: Bytes) -> OpenHandle? {
        guard let index = index(of: handle) else { return nil }
        return slots[index].content
    }

    /// Forgets a handle, and returns what it stood for.
    mutating func remove(_ handle: Bytes) -> OpenHandle? {
        guard let index = index(of: handle) else { return nil }
        return empty(index)
    }

    /// Forgets all handles, and returns what they stood for.
    mutating func removeAll() -> [OpenHandle] {
        slots.indices.compactMap { empty($0) }
    }

    private mutating func empty(_ index: Int) -> OpenHandle? {
        guard let content = slots[index].content else { return nil }
        slots[index].content = nil
        slots[index].use &+= 1
        freeSlots.append(index)
        return content
    }

    private func index(of handle: Bytes) -> Int? {
        guard handle.count == Self.handleBytes else { return nil }
        var reader = WireReader(handle)
        guard let slot = try? reader.readUInt32(), let use = try? reader.readUInt32(),
            let index = Int(exactly: slot), slots.indices.contains(index), slots[index].use == use
        else { return nil }
        return index
    }
}
