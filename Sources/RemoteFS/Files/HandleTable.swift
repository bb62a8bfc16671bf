// SPDX-License-Identifier: Apache-2.0

/// The number of an open file or directory, as the kernel knows it; never used again.
public typealias HandleID = UInt64

/// What the kernel holds open.
struct HandleTable<Value> {
    private var values: [HandleID: Value] = [:]
    private var lastID: HandleID = 0

    mutating func add(_ value: Value) -> HandleID {
        lastID += 1
        values[lastID] = value
        return lastID
    }

    mutating func remove(_ id: HandleID) -> Value? {
        values.removeValue(forKey: id)
    }

    subscript(id: HandleID) -> Value? {
        get { values[id] }
        _modify { yield &values[id] }
    }

    /// How many there are.
    var count: Int { values.count }

    /// How many of them fit.
    func count(where fits: (Value) -> Bool) -> Int {
        values.values.count(where: fits)
    }

    /// The numbers of those that fit, in the order in which they were opened.
    func ids(where fits: (Value) -> Bool) -> [HandleID] {
        // Not by a key path: of a generic type it is made anew at each use.
        values.filter { fits($0.value) }.map { $0.key }.sorted()
    }

    /// The handle opened first of those that fit.
    func first(where fits: (Value) -> Bool) -> Value? {
        var first: (id: HandleID, value: Value)?
        for (id, value) in values where fits(value) {
            if let first, first.id < id { continue }
            first = (id, value)
        }
        return first?.value
    }
}
