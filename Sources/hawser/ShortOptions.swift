// SPDX-License-Identifier: Apache-2.0

/// The one-letter options that have a value.
private let lettersWithValue: Set<Character> = ["F", "J", "i", "l", "o", "p"]

/// Takes bundled one-letter options apart, as getopt(3) does: `-fp22` is `-f -p 22`.
///
/// The argument parser has a convention of its own for a hyphen and several letters, under which
/// `-ofsname=x` is an option `ofsname`.
func separateShortOptions(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
        if argument == "--" { return result + [argument] + rest }
        guard argument.hasPrefix("-"), !argument.hasPrefix("--"), argument.count > 1 else {
            result.append(argument)
            continue
        }
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            result.append("-\(letter)")
            guard lettersWithValue.contains(letter) else { continue }
            if let value = letters.isEmpty ? rest.popFirst() : String(letters) {
                result.append(value)
            }
            break
        }
    }
    return result
}
