// SPDX-License-Identifier: Apache-2.0

/// The candidate that takes the fewest edits to reach from `name`, if that is few for its length.
///
/// Upper and lower case count as equal. Of equally near candidates the first one wins.
func nearestName(to name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let distance = editDistance(wanted, Array(candidate.lowercased().utf8))
        if distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    guard let best, best.distance <= max(wanted.count < 4 ? 1 : 2, wanted.count / 3) else { return nil }
    return best.candidate
}

/// How many insertions, deletions and replacements lead from one text to the other (Levenshtein).
private func editDistance(_ from: [UInt8], _ to: [UInt8]) -> Int {
    var row = Array(0...to.count)
    for (rowIndex, source) in from.enumerated() {
        var diagonal = row[0]
        row[0] = rowIndex + 1
        for (column, target) in to.enumerated() {
            let replaced = diagonal + (source == target ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
        }
    }
    return row[to.count]
}
