// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// Finds the paths that a pattern stands for, as glob(7) says: `*`, `?` and `[...]` within one name,
/// a backslash before what stands for itself, and no name with a dot in front unless it is asked for.
struct Glob {
    let store: any FileStore

    /// The most paths that a pattern may stand for.
    private static let limit = 1 << 20
    private static let slash = UInt8(ascii: "/")

    /// The paths in order of their bytes; the pattern itself where nothing matches.
    func paths(for pattern: Bytes) async throws -> [Bytes] {
        guard NamePattern(pattern).isPattern else {
            let plain = NamePattern(pattern).text
            if plain == pattern { return [pattern] }
            return (try? await store.status(of: plain)) == nil ? [pattern] : [plain]
        }
        var found: [Bytes] = [pattern.first == Self.slash ? [Self.slash] : []]
        for component in pattern.split(separator: Self.slash) {
            let name = NamePattern(component)
            var next: [Bytes] = []
            for path in found {
                if name.isPattern {
                    next += try await matches(of: name, in: path)
                } else {
                    next.append(path.isEmpty ? name.text : join(path, name.text))
                }
                guard next.count <= Self.limit else { throw Errno.E2BIG }
            }
            found = next
        }
        var present: [Bytes] = []
        for path in found where await isPresent(path, pattern) { present.append(path) }
        return present.isEmpty ? [pattern] : present
    }

    /// Paths that end with a plain name behind a pattern may lead nowhere.
    private func isPresent(_ path: Bytes, _ pattern: Bytes) async -> Bool {
        let last = pattern.split(separator: Self.slash).last.map(NamePattern.init)
        if let last, last.isPattern { return true }
        return (try? await store.status(of: path)) != nil
    }

    private func matches(of pattern: NamePattern, in path: Bytes) async throws -> [Bytes] {
        let dot = UInt8(ascii: ".")
        // What is no directory, or can't be listed, holds no matches.
        guard let folder = try? await store.folder(at: path.isEmpty ? [dot] : path),
            let listing = try? await folder.list()
        else { return [] }
        var found: [Bytes] = []
        do {
            while let entries = try await listing.next() {
                for entry in entries where isSafeComponent(entry.filename) {
                    let isHidden = entry.filename.first == dot
                    guard !isHidden || pattern.text.first == dot, pattern.matches(entry.filename)
                    else { continue }
                    found.append(
                        path.isEmpty ? Array(entry.filename)[...] : join(path, entry.filename))
                    guard found.count <= Self.limit else { throw Errno.E2BIG }
                }
            }
        } catch {
            await listing.close()
            throw error
        }
        await listing.close()
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

/// A pattern for one name.
struct NamePattern {
    private enum Part: Equatable {
        case byte(UInt8)
        case anyByte
        case anyText
        case set([ClosedRange<UInt8>], isNegated: Bool)
    }
    private var parts: [Part] = []

    init(_ pattern: Bytes) {
        var rest = pattern
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): parts.append(.byte(rest.popFirst() ?? byte))
            case UInt8(ascii: "?"): parts.append(.anyByte)
            case UInt8(ascii: "*"): if parts.last != .anyText { parts.append(.anyText) }
            case UInt8(ascii: "["): parts.append(Self.set(&rest) ?? .byte(byte))
            default: parts.append(.byte(byte))
            }
        }
    }

    /// What stands between brackets; nil if it is never closed, and then nothing is taken.
    private static func set(_ rest: inout Bytes) -> Part? {
        var inside = rest
        var ranges: [ClosedRange<UInt8>] = []
        var isNegated = false
        if inside.first == UInt8(ascii: "!") || inside.first == UInt8(ascii: "^") {
            isNegated = true
            inside.removeFirst()
        }
        var isFirst = true
        while var low = inside.popFirst() {
            if low == UInt8(ascii: "]"), !isFirst {
                rest = inside
                return .set(ranges, isNegated: isNegated)
            }
            isFirst = false
            if low == UInt8(ascii: "\\"), let quoted = inside.popFirst() { low = quoted }
            var high = low
            if inside.first == UInt8(ascii: "-"), let end = inside.dropFirst().first,
                end != UInt8(ascii: "]")
            {
                inside = inside.dropFirst(2)
                high = end
            }
            if low <= high { ranges.append(low...high) }
        }
        return nil
    }

    /// Whether it stands for more than one name.
    var isPattern: Bool {
        parts.contains { if case .byte = $0 { false } else { true } }
    }

    /// The bytes in it that stand for themselves; all of it, if it is no pattern.
    var text: Bytes {
        parts.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }[...]
    }

    /// Whether a name matches; the time grows with the product of both lengths, not faster.
    func matches(_ name: Bytes) -> Bool {
        var part = 0
        var position = name.startIndex
        var retry: (part: Int, position: Int)?
        while position < name.endIndex {
            if part < parts.count, parts[part] == .anyText {
                retry = (part, position)
                part += 1
            } else if part < parts.count, Self.fits(parts[part], name[position]) {
                part += 1
                position += 1
            } else if let last = retry {
                part = last.part + 1
                position = last.position + 1
                retry = (last.part, position)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyText }
    }

    private static func fits(_ part: Part, _ byte: UInt8) -> Bool {
        switch part {
        case .byte(let expected): expected == byte
        case .anyByte: true
        case .anyText: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }
}
