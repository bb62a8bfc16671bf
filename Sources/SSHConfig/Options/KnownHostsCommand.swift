// SPDX-License-Identifier: Apache-2.0

/// A command that prints known_hosts lines (`KnownHostsCommand`), some of whose tokens only a
/// connection can give a value to.
public struct KnownHostsCommand: Equatable, Sendable {
    /// What the command is asked about: its tokens' values.
    public struct Query: Equatable, Sendable {
        /// Why it is run.
        public enum Purpose: String, Sendable {
            /// To find the name's keys (`%I` is `HOSTNAME`).
            case hostName = "HOSTNAME"
            /// To find the address's keys.
            case address = "ADDRESS"
            /// To find which key algorithms to prefer, before there is a key.
            case order = "ORDER"
        }

        /// Why the command is run (`%I`).
        public var purpose: Purpose
        /// The name or address to be looked up, as known_hosts writes it (`%H`).
        public var hostName: String
        /// The type of the server's key (`%t`), `NONE` where there is no key yet.
        public var keyType: String
        /// The server's key in base64 (`%K`), `NONE` where there is none yet.
        public var key: String
        /// The key's fingerprint (`%f`), `NONE` where there is none yet.
        public var fingerprint: String

        /// Asks about a name, and a key if there is one.
        public init(
            _ purpose: Purpose, hostName: String, keyType: String = "NONE", key: String = "NONE",
            fingerprint: String = "NONE"
        ) {
            self.purpose = purpose
            self.hostName = hostName
            self.keyType = keyType
            self.key = key
            self.fingerprint = fingerprint
        }
    }

    /// The command as it is written.
    public let text: String
    /// Where it is written.
    public let location: ConfigurationLocation?
    /// Its arguments: the first is the program, which no token changes.
    private var arguments: [[Piece]] = []

    private enum Piece: Equatable {
        case text(String)
        case token(Character)
    }

    init(text: String, at location: ConfigurationLocation?) {
        self.text = text
        self.location = location
    }

    /// The program to run and its arguments.
    public func arguments(for query: Query) -> [String] {
        arguments.map { pieces in
            pieces.map { piece in
                switch piece {
                case .text(let text): text
                case .token("H"): query.hostName
                case .token("I"): query.purpose.rawValue
                case .token("t"): query.keyType
                case .token("K"): query.key
                case .token: query.fingerprint
                }
            }.joined()
        }
    }

    /// The tokens that are left for a connection.
    private static let laterTokens: Set<Character> = ["H", "I", "t", "K", "f"]

    /// Splits the command into arguments, as a shell would but without one, and expands what is known
    /// before a connection.
    mutating func expand(_ expansion: TextExpansion) throws(SSHConfigError) {
        let words = try splitWords(text, at: location ?? .commandLine(1))
        guard let program = words.first else { return }
        arguments = [[.text(program)]]
        for word in words.dropFirst() {
            arguments.append(try Self.pieces(Located(word, at: location), expansion))
        }
    }

    private static func pieces(
        _ word: Located<String>, _ expansion: TextExpansion
    ) throws(SSHConfigError) -> [Piece] {
        var pieces: [Piece] = []
        var plain = ""
        var rest = Substring(word.value)
        func flush() throws(SSHConfigError) {
            pieces.append(.text(try expansion.text(Located(plain, at: word.location))))
            plain = ""
        }
        while let character = rest.popFirst() {
            guard character == "%", let name = rest.first else {
                plain.append(character)
                continue
            }
            rest.removeFirst()
            if laterTokens.contains(name) {
                try flush()
                pieces.append(.token(name))
            } else {
                plain += "%\(name)"
            }
        }
        try flush()
        return pieces
    }
}
