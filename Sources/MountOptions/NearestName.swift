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
    guard let best, best.distance <= max(1, wanted.count / 3) else { return nil }
    return best.candidate
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from one text to the
/// other.
private func editDistance(_ from: [UInt8], _ to: [UInt8]) -> Int {
    var rows = [Array(0...to.count)]
    for (i, source) in from.enumerated() {
        var row = [i + 1]
        for (j, target) in to.enumerated() {
            let replaced = rows[i][j] + (source == target ? 0 : 1)
            var distance = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, source == to[j - 1], from[i - 1] == target {
                distance = min(distance, rows[i - 1][j - 1] + 1)
            }
            row.append(distance)
        }
        rows.append(row)
    }
    return rows[from.count][to.count]
}
