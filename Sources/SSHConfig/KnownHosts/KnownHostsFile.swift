// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A known_hosts file that is read piece by piece, and how far that has come.
///
/// A file may be larger than the memory that there is for it: only a line that a piece has cut is
/// kept.
public struct KnownHostsFile: Sendable {
    /// Its path, for messages.
    public let path: String

    private var bytesLeft: Int
    private var lineNumber = 0
    /// The beginning of a line whose end has not come yet.
    private var partialLine: [UInt8] = []
    /// Whether that line is too long to be kept.
    private var isTooLong = false

    private static let newline = UInt8(ascii: "\n")

    /// A file of which nothing is read yet.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - limit: a larger one must not be relied on, in bytes.
    public init(path: String, limit: Int = ConfigurationLimits.knownHostsBytes) {
        self.path = path
        bytesLeft = limit
    }

    /// The place of the line that was taken last.
    var location: ConfigurationLocation { ConfigurationLocation(file: path, line: lineNumber) }

    /// Takes the next piece of the file; a newline has to follow its end.
    ///
    /// - Parameter body: is given each line; nil for one that is too long to be kept.
    /// - Throws: `limitExceeded`, or what `body` throws for a line.
    mutating func takeLines(
        of piece: Bytes,
        _ body: (Bytes?, borrowing KnownHostsFile) throws(SSHConfigError) -> Void
    ) throws(SSHConfigError) {
        bytesLeft -= piece.count
        guard bytesLeft >= 0 else {
            throw SSHConfigError(.limitExceeded, "\(TerminalText.line(path)) is too large")
        }
        var rest = piece
        while let end = Self.endOfLine(rest) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            lineNumber += 1
            if partialLine.isEmpty, !isTooLong {
                try body(line.count <= ConfigurationLimits.knownHostsLineBytes ? line : nil, self)
            } else {
                keep(line)
                let whole = isTooLong ? nil : partialLine[...]
                isTooLong = false
                partialLine.removeAll()
                try body(whole, self)
            }
        }
        keep(rest)
    }

    /// Adds to the beginning of the line that is being read.
    private mutating func keep(_ more: Bytes) {
        isTooLong =
            isTooLong || partialLine.count + more.count > ConfigurationLimits.knownHostsLineBytes
        if isTooLong { partialLine.removeAll() } else { partialLine += more }
    }

    /// Where the first newline stands.
    private static func endOfLine(_ bytes: Bytes) -> Int? {
        // Through a span: this sees every byte of the file, and nearly all of the time goes here.
        let span = bytes.span
        var index = 0
        while index < span.count {
            if span[index] == newline { return bytes.startIndex + index }
            index += 1
        }
        return nil
    }
}

/// What reads known_hosts files piece by piece.
public protocol KnownHostsReader: Sendable {
    /// Takes the next piece of a file; a newline has to follow the last one.
    ///
    /// - Throws: `limitExceeded`; then the files must not be relied on.
    mutating func add(_ piece: Bytes, of file: inout KnownHostsFile) throws(SSHConfigError)
}
