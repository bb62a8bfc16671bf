// SPDX-License-Identifier: Apache-2.0

// Bytes of a server are shown to people through this, and its texts through `TerminalText`: they
// could otherwise steer their terminal.

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
