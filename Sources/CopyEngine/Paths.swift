// SPDX-License-Identifier: Apache-2.0

import Wire

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")

/// A path of a name in a directory.
func join(_ path: Bytes, _ name: Bytes) -> Bytes {
    if path.elementsEqual([dot]) { return name }
    return path.last == slash ? path + name : path + [slash] + name
}

/// The directory and the name that a path means.
///
/// What has no name of its own, such as `/` or `..`, is a directory's `.`.
func split(_ path: Bytes) -> (folder: Bytes, name: Bytes) {
    let trimmed = path.droppingSlashes
    guard !trimmed.isEmpty else { return (path.isEmpty ? [dot] : [slash], [dot]) }
    let start = trimmed.lastIndex(of: slash).map { $0 + 1 } ?? trimmed.startIndex
    let name = trimmed[start...]
    if name.elementsEqual([dot]) || name.elementsEqual([dot, dot]) { return (trimmed, [dot]) }
    guard start > trimmed.startIndex else { return ([dot], name) }
    let folder = trimmed[..<(start - 1)].droppingSlashes
    return (folder.isEmpty ? [slash] : folder, name)
}

extension Bytes {
    /// Without slashes at the end.
    var droppingSlashes: Bytes {
        let end = lastIndex { $0 != slash }.map { $0 + 1 } ?? startIndex
        return self[..<end]
    }

    /// Whether this is the path of what lies in `folder`, or of that itself; both canonical.
    func isInside(_ folder: Bytes) -> Bool {
        let folder = folder.droppingSlashes
        return starts(with: folder)
            && (count == folder.count || self[startIndex + folder.count] == slash)
    }
}
