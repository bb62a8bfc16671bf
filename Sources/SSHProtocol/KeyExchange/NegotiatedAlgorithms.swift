// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto

/// What both sides agreed on in a key exchange (RFC 4253 section 7.1).
public struct NegotiatedAlgorithms: Equatable, Sendable {
    /// The key exchange method.
    public let keyExchange: KeyAgreementAlgorithm
    /// How the server signs the exchange, and so what type of key it has.
    public let hostKey: PublicKeyAlgorithm
    /// What protects packets from the client.
    public let clientToServer: Direction
    /// What protects packets from the server.
    public let serverToClient: Direction

    /// The algorithms of one direction.
    public struct Direction: Equatable, Sendable {
        /// The cipher.
        public let cipher: CipherAlgorithm
        /// The message authentication code; nil where the cipher authenticates by itself.
        public let mac: MACAlgorithm?
        /// The compression method.
        public let compression: CompressionAlgorithm
    }

    /// What protects the packets that `role` sends.
    func sending(as role: Role) -> Direction {
        role == .client ? clientToServer : serverToClient
    }
}

// The choice: the first of the client's that the server has too.
extension NegotiatedAlgorithms {
    /// Compares both offers.
    ///
    /// - Throws: `SSHError.Code.noCommonAlgorithm`, with both lists in its reason.
    init(client: KexInit, server: KexInit) throws(SSHError) {
        keyExchange = try Self.choose(
            "key exchange method", client.keyExchange, server.keyExchange)
        hostKey = try Self.choose("host key algorithm", client.serverHostKey, server.serverHostKey)
        clientToServer = try Self.direction(client, server, \.clientToServer, "to the server")
        serverToClient = try Self.direction(client, server, \.serverToClient, "to the client")
    }

    private static func direction(
        _ client: KexInit, _ server: KexInit, _ list: KeyPath<KexInit.Directions, [String]>,
        _ name: String
    ) throws(SSHError) -> Direction {
        let cipher: CipherAlgorithm = try choose(
            "cipher \(name)", client.encryption[keyPath: list], server.encryption[keyPath: list])
        let mac: MACAlgorithm? =
            cipher.isAEAD
            ? nil
            : try choose("MAC \(name)", client.mac[keyPath: list], server.mac[keyPath: list])
        return Direction(
            cipher: cipher, mac: mac,
            compression: try choose(
                "compression \(name)", client.compression[keyPath: list],
                server.compression[keyPath: list]))
    }

    /// The first common name that stands for an algorithm of ours.
    ///
    /// Markers such as `ext-info-c` stand for none, so a peer that sends ours back can't have them
    /// chosen.
    private static func choose<Algorithm: RawRepresentable<String>>(
        _ purpose: String, _ client: [String], _ server: [String]
    ) throws(SSHError) -> Algorithm {
        for name in client where server.contains(name) {
            if let algorithm = Algorithm(rawValue: name) { return algorithm }
        }
        throw SSHError(
            .noCommonAlgorithm,
            "no \(purpose) in common: the client offers \(shown(client)), the server \(shown(server))"
        )
    }

    private static func shown(_ names: [String]) -> String {
        let text = names.joined(separator: ",")
        let longest = 400
        return text.count <= longest ? "\"\(text)\"" : "\"\(text.prefix(longest))...\""
    }
}
