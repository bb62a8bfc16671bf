// SPDX-License-Identifier: Apache-2.0

// What a peer sends is shown to people only through these: it could otherwise steer their terminal.

/// The start of some bytes as printable ASCII.
public func escaped(_ bytes: some Collection<UInt8>, limit: Int) -> String {
    var text = ""
    for byte in bytes.prefix(limit) {
        switch byte {
        case UInt8(ascii: "\n"): text += "\\n"
        case UInt8(ascii: "\r"): text += "\\r"
        case UInt8(ascii: "\t"): text += "\\t"
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): text += "\\\(Character(UnicodeScalar(byte)))"
        case 0x20..<0x7F: text.unicodeScalars.append(UnicodeScalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return bytes.count > limit ? text + "..." : text
}

/// A text with everything escaped that isn't plainly visible, such as control characters and changes
/// of direction.
func escaped(_ text: String) -> String {
    var visible = ""
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            visible += "\\u{" + String(scalar.value, radix: 16) + "}"
        default:
            visible.unicodeScalars.append(scalar)
        }
    }
    return visible
}
