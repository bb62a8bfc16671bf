// SPDX-License-Identifier: Apache-2.0

import Wire

/// Finds the peer's identification line at the start of a connection (RFC 4253 section 4.2).
///
/// A server may send other lines first; a client may not.
struct IdentificationReader {
    private let role: Role
    private var line: [UInt8] = []
    private var otherLines = 0

    /// A reader for the side that plays `role`: it reads what the other one sends.
    init(role: Role) { self.role = role }

    /// Takes bytes off the front of `input`, up to the end of the identification line.
    ///
    /// - Returns: the identification without its line end, or nil if more bytes are needed.
    mutating func receive(_ input: inout Bytes) throws(SSHError) -> [UInt8]? {
        while let next = input.popFirst() {
            guard next != 0 else { throw Self.failure("a NUL byte before the identification") }
            guard next == UInt8(ascii: "\n") else {
                // The CR of the line end may come on top of the longest line.
                guard line.count <= SSHLimits.identificationLineBytes else {
                    throw Self.failure(
                        "a line of more than \(SSHLimits.identificationLineBytes) bytes before the identification"
                    )
                }
                line.append(next)
                continue
            }
            if let identification = try endOfLine() { return identification }
        }
        return nil
    }

    private mutating func endOfLine() throws(SSHError) -> [UInt8]? {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.starts(with: "SSH-".utf8) { return try Self.checked(line) }
        guard role == .client else {
            throw Self.failure("the client's first line is no SSH identification")
        }
        otherLines += 1
        guard otherLines <= SSHLimits.linesBeforeIdentification else {
            throw Self.failure(
                "more than \(SSHLimits.linesBeforeIdentification) lines before the identification")
        }
        line.removeAll(keepingCapacity: true)
        return nil
    }

    private static func checked(_ line: [UInt8]) throws(SSHError) -> [UInt8] {
        // "1.99" says that the peer also speaks the first version (RFC 4253 section 5.1).
        let prefix = ["SSH-2.0-", "SSH-1.99-"].first { line.starts(with: $0.utf8) }
        guard let prefix, line.count > prefix.utf8.count else {
            let shown = String(decoding: line.prefix(64), as: UTF8.self)
            throw failure("expected an SSH 2.0 identification, got \"\(shown)\"")
        }
        guard !line.contains(UInt8(ascii: "\r")) else {
            throw failure("a CR inside the identification")
        }
        return line
    }

    private static func failure(_ reason: String) -> SSHError {
        SSHError(.versionExchangeFailed, reason)
    }
}
