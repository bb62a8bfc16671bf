// SPDX-License-Identifier: Apache-2.0

/// The one-letter options of `hawser mount` that have a value.
let mountLettersWithValue: Set<Character> = ["F", "J", "i", "l", "o", "p"]
/// Those of `hawser cp`, which are scp's.
let copyLettersWithValue: Set<Character> = ["D", "F", "J", "P", "S", "X", "c", "i", "l", "o"]

/// Takes bundled one-letter options apart, as getopt(3) does: `-fp22` is `-f -p 22`.
///
/// The argument parser has a convention of its own for a hyphen and several letters, under which
/// `-ofsname=x` is an option `ofsname`.
func separateShortOptions(
    _ arguments: [String], withValue lettersWithValue: Set<Character> = mountLettersWithValue
) -> [String] {
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
