// SPDX-License-Identifier: Apache-2.0

/// Makes texts of strangers fit to be shown: banners, error texts, names, what stands in files and on
/// command lines.
///
/// Control characters could hide or forge output, or make a terminal do things; direction marks
/// can make a line read as another one. They are shown as `\u{1B}`, bytes that
/// are not UTF-8 as `\xFC`, and long texts are cut. What is
/// fit to be shown stays as it is, so a text may pass here twice.
public enum TerminalText {
    /// The longest line that is shown, in characters; more says nothing more.
    public static let longestLine = 512
    /// The most lines of a text of several lines.
    static let mostLines = 100

    /// A text as one line: newlines are escaped, too.
    public static func line(
        _ text: some StringProtocol, limit: Int = longestLine
    ) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(limit) { append(scalar, to: &result) }
        let isCut = text.unicodeScalars.dropFirst(limit).first != nil
        return isCut ? result + "…" : result
    }

    /// The whole of a message that was put together of such texts and of our own: its newlines stay.
    ///
    /// Whatever writes to a terminal sends all of it through here, so that a text that somebody forgot
    /// does no harm either.
    public static func message(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" { result += "\n" } else { append(scalar, to: &result) }
        }
        return result
    }

    /// A text of several lines, without newlines at its end.
    public static func lines(_ text: some StringProtocol) -> String {
        let lines = String(text).unicodeScalars.split(
            separator: "\n", maxSplits: mostLines, omittingEmptySubsequences: false)
        var shown = lines.prefix(mostLines).map { line in
            Self.line(String(line.last == "\r" ? line.dropLast() : line))
        }
        while shown.last?.isEmpty == true { shown.removeLast() }
        if lines.count > mostLines { shown.append("…") }
        return shown.joined(separator: "\n")
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        if isHarmless(scalar) {
            result.unicodeScalars.append(scalar)
        } else if let byte = scalar.keptByte {
            result += "\\x\(String(byte, radix: 16, uppercase: true))"
        } else {
            result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\t" { return true }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            false
        default: true
        }
    }
}
