// SPDX-License-Identifier: Apache-2.0

/// One `name` or `name=value` of an `-o` list.
struct OptionItem: Equatable {
    /// What stands before the first `=`.
    let name: String
    /// What stands after it; nil where there is none.
    let value: String?
}

/// Splits the text of one `-o` argument at its commas, as libfuse does.
///
/// A backslash takes the meaning from the character after it, so that an escaped comma stays in its
/// value. Empty items are dropped.
func splitOptionList(_ text: String) -> [OptionItem] {
    var items: [String] = [""]
    var characters = text.makeIterator()
    while let character = characters.next() {
        switch character {
        case "\\": items[items.count - 1].append(characters.next() ?? "\\")
        case ",": items.append("")
        default: items[items.count - 1].append(character)
        }
    }
    return items.filter { !$0.isEmpty }.map { item in
        guard let equals = item.firstIndex(of: "=") else {
            return OptionItem(name: item, value: nil)
        }
        return OptionItem(
            name: String(item[..<equals]), value: String(item[item.index(after: equals)...]))
    }
}
