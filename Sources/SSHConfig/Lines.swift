// SPDX-License-Identifier: Apache-2.0

import Wire

/// The lines of a file with their numbers, from 1, one at a time: a file of newlines only has too
/// many for an array.
struct Lines: Sequence, IteratorProtocol {
    private var rest: Bytes?
    private var number = 0

    init(of text: Bytes) {
        rest = text
    }

    mutating func next() -> (number: Int, text: Bytes)? {
        guard let text = rest else { return nil }
        number += 1
        guard let end = text.firstIndex(of: UInt8(ascii: "\n")) else {
            rest = nil
            return (number, text)
        }
        rest = text[(end + 1)...]
        return (number, text[..<end])
    }
}
